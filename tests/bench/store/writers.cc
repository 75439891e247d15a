// Durable one-leaf changes by one writer and by 64, beside raw LMDB doing the same two puts (the
// leaf, and 120 bytes of log) in the same directory and the same run.
#include "bench.hh"
#include <fmt/format.h>
#include <lmdb.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace bench {
namespace {

using engine::store::Committed;
using engine::store::Durability;
using engine::store::Mutation;

constexpr std::size_t kSize = 1UL << 20U;
constexpr std::size_t kWriters = 64;
constexpr std::size_t kLoops = 3;

/// One LMDB environment with the two tables of a plain store.
class Raw {
 public:
  explicit Raw(const std::filesystem::path& directory) {
    std::filesystem::create_directories(directory);
    mdb_env_create(&env_);
    mdb_env_set_mapsize(env_, 4UL << 30U);
    mdb_env_set_maxdbs(env_, 4);
    MDB_txn* txn = nullptr;
    if (mdb_env_open(env_, directory.c_str(), 0, 0600) != 0) std::exit(1);
    mdb_txn_begin(env_, nullptr, 0, &txn);
    mdb_dbi_open(txn, "docs", MDB_CREATE, &docs_);
    mdb_dbi_open(txn, "log", MDB_CREATE, &log_);
    for (int i = 0; i < 1000; ++i)
      write(txn, docs_, fmt::format("doc:{:08}", i), std::string(120, 'x'), 0);
    mdb_txn_commit(txn);
  }
  ~Raw() { mdb_env_close(env_); }
  Raw(const Raw&) = delete;
  Raw& operator=(const Raw&) = delete;

  void commit(std::size_t changes) {
    MDB_txn* txn = nullptr;
    mdb_txn_begin(env_, nullptr, 0, &txn);
    for (std::size_t i = 0; i < changes; ++i) {
      ++revision_;
      const std::string value = fmt::format("{:0120}", revision_);
      write(txn, docs_, fmt::format("doc:{:08}", revision_ * 7919 % 1000), value, 0);
      const std::uint64_t key = __builtin_bswap64(revision_);
      write(txn, log_, {reinterpret_cast<const char*>(&key), 8}, value, MDB_APPEND);
    }
    if (mdb_txn_commit(txn) != 0) std::exit(1);
  }

 private:
  static void write(
      MDB_txn* txn, MDB_dbi dbi, std::string_view key, std::string_view value, unsigned flags) {
    MDB_val k{key.size(), const_cast<char*>(key.data())};
    MDB_val v{value.size(), const_cast<char*>(value.data())};
    if (mdb_put(txn, dbi, &k, &v, flags) != 0) std::exit(1);
  }
  MDB_env* env_ = nullptr;
  MDB_dbi docs_ = 0;
  MDB_dbi log_ = 0;
  std::uint64_t revision_ = 0;
};

/// Writers without a thread of their own, as handlers are: each sends its next change from a loop
/// when the last one was answered.
class LoopWriters {
 public:
  explicit LoopWriters(Store& store) : store_(store), loops_(kLoops), writers_(kWriters) {
    for (std::size_t i = 0; i < kWriters; ++i)
      loops_[i % kLoops].ready.push_back(i);
  }

  void run() {
    std::vector<std::thread> threads;
    for (Loop& loop : loops_)
      threads.emplace_back([&] { serve(loop); });
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds_per_row));
    stop_ = true;
    for (std::thread& thread : threads)
      thread.join();
  }

  std::vector<double> times_us() {
    std::vector<double> all;
    for (Writer& writer : writers_)
      all.insert(all.end(), writer.times.begin(), writer.times.end());
    return all;
  }

 private:
  struct Loop {
    std::mutex mutex;
    std::condition_variable wake;
    std::vector<std::size_t> ready;
    std::size_t busy = 0;  ///< writers of this loop that wait for an answer
  };
  struct Writer {
    std::uint64_t count = 0;
    double sent = 0;
    std::vector<double> times;
  };

  void serve(Loop& loop) {
    std::vector<std::size_t> ready;
    while (true) {
      {
        std::unique_lock lock(loop.mutex);
        loop.wake.wait(lock, [&] { return !loop.ready.empty() || (stop_ && loop.busy == 0); });
        if (loop.ready.empty()) return;
        ready.clear();
        ready.swap(loop.ready);
        if (stop_) continue;
        loop.busy += ready.size();
      }
      for (const std::size_t writer : ready)
        send(loop, writer);
    }
  }

  void send(Loop& loop, std::size_t which) {
    Writer& writer = writers_[which];
    writer.sent = now();
    Mutation mutation = must(store_.begin());
    ++writer.count;
    must(mutation.put(leaf(kSize, which * 31 + writer.count), Value(writer.count)));
    store_.commit(must(std::move(mutation).finish()),
                  Durability::durable,
                  [this, &loop, which](const Result<Committed>& done) {
                    if (!done && done.error().code != engine::Errc::conflict) die(done.error());
                    Writer& answered = writers_[which];
                    if (done) answered.times.push_back((now() - answered.sent) * 1e6);
                    bool asleep = false;
                    {
                      const std::lock_guard lock(loop.mutex);
                      loop.ready.push_back(which);
                      asleep = --loop.busy == 0 || loop.ready.size() == 1;
                    }
                    if (asleep) loop.wake.notify_one();
                  });
  }

  Store& store_;
  std::vector<Loop> loops_;
  std::vector<Writer> writers_;
  std::atomic<bool> stop_{false};
};

double per_flush(const Store& store) {
  const auto stats = must(store.stats()).commits;
  return static_cast<double>(stats.revisions) / static_cast<double>(stats.transactions);
}

/// Writers that are threads and block.
double thread_writers(Store& store) {
  std::atomic<std::uint64_t> done{0};
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  const double start = now();
  for (std::uint64_t t = 0; t < kWriters; ++t) {
    threads.emplace_back([&, t] {
      for (std::uint64_t i = 1; !stop; ++i) {
        put(store, leaf(kSize, t * 31 + i), Value(i));
        ++done;
      }
    });
  }
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds_per_row));
  stop = true;
  for (std::thread& thread : threads)
    thread.join();
  return static_cast<double>(done) / (now() - start);
}

}  // namespace

void single_writer(Directory dir) {
  Raw raw(dir / "raw1");
  const Rate base = measure([&](std::uint64_t) { raw.commit(1); });
  const auto store = open(dir / "one", document(kSize));
  const Rate ours = measure([&](std::uint64_t i) { put(*store, leaf(kSize, i), Value(i + 1)); });
  figure("single_rate", ours.per_second, base.per_second);
  figure("single_p50_us", ours.p50_us, base.p50_us);
}

void many_writers(Directory dir) {
  Raw raw(dir / "raw64");
  const Rate base = measure([&](std::uint64_t) { raw.commit(kWriters); });
  const double raw_rate = base.per_second * kWriters;
  {
    const auto store = open(dir / "many", document(kSize));
    LoopWriters writers(*store);
    writers.run();
    auto times = writers.times_us();
    figure("many_rate", static_cast<double>(times.size()) / seconds_per_row, raw_rate);
    figure("many_p99_us", at_share(times, 0.99), base.p50_us);
    figure("many_per_flush", per_flush(*store), kWriters);
  }
  const auto store = open(dir / "threads", document(kSize));
  figure("threads_rate", thread_writers(*store), raw_rate);
  figure("threads_per_flush", per_flush(*store), kWriters);
}

void flush_time(Directory dir) {
  const PlainFile file(dir / "flushed");
  const Rate rate = measure([&](std::uint64_t i) { file.append(i); });
  figure("flush_us", rate.p50_us, 0);
}

}  // namespace bench
