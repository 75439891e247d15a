// What one leaf costs in documents of every size: processor time of a change, pages of a commit,
// reading, taking a snapshot, opening, memory.
#include "store/check.hh"

#include "bench.hh"
#include <fmt/format.h>
#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <semaphore>
#include <thread>

namespace bench {
namespace {

using engine::store::ChangeSet;
using engine::store::Committed;
using engine::store::Durability;
using engine::store::Mutation;

using Leaf = std::function<Pointer(std::uint64_t)>;

std::uint64_t bytes_written() {
  std::ifstream io("/proc/self/io");
  std::string name;
  std::uint64_t value = 0;
  while (io >> name >> value)
    if (name == "wchar:") return value;
  return 0;
}

/// Of a commit of the file that brings one change into it, and its record in the journal.
double pages_per_commit(Store& store, const Leaf& at) {
  constexpr int kCommits = 50;
  must(store.flush());
  const std::uint64_t before = bytes_written();
  for (std::uint64_t i = 0; i < kCommits; ++i) {
    put(store, at(i), Value(i + 1'000));
    must(store.flush());
  }
  return static_cast<double>(bytes_written() - before) / 4096 / kCommits;
}

/// Processor time of all threads for one change: recording it, checking it, applying it, writing it
/// to the journal. Many share a flush, so that it hardly counts; commits of the file are rarer than
/// the median sees.
double change_cpu_us(Store& store, const Leaf& at) {
  constexpr std::size_t kBatch = 16;  // as many leaves as the smallest document has
  std::vector<double> rounds;
  const double end = now() + seconds_per_row;
  for (std::uint64_t round = 0; now() < end || round < 5; ++round) {
    const double before = process_cpu();
    std::vector<ChangeSet> changes;
    for (std::size_t i = 0; i < kBatch; ++i) {
      Mutation mutation = must(store.begin());
      must(mutation.put(at(round * kBatch + i), Value(round + 7)));
      changes.push_back(must(std::move(mutation).finish()));
    }
    std::binary_semaphore all(0);
    std::atomic<std::size_t> answered{0};
    for (ChangeSet& change : changes) {
      store.commit(std::move(change), Durability::durable, [&](const Result<Committed>& done) {
        if (!done) die(done.error());
        if (++answered == kBatch) all.release();
      });
    }
    all.acquire();
    rounds.push_back((process_cpu() - before) / kBatch * 1e6);
  }
  return median(rounds);
}

/// Everything mapped, as in a daemon that has run for a while.
void warm(const Store& store, const Leaf& at, std::uint64_t leaves) {
  const auto snapshot = must(store.peek());
  for (std::uint64_t i = 0; i < leaves; ++i)
    must(snapshot.get(at(i)));
}

struct Cost {
  double change_us = 0;
  double pages = 0;
};

Cost cost_in(Store& store, const Leaf& at) {
  warm(store, at, 20'000);
  return {change_cpu_us(store, at), pages_per_commit(store, at)};
}

Cost cost_at(Directory path, std::size_t bytes) {
  const auto store = open(path, std::filesystem::exists(path) ? Value() : document(bytes));
  return cost_in(*store, [&](std::uint64_t i) { return leaf(bytes, i); });
}

constexpr std::uint64_t kWide = 100'000;

Cost cost_of_wide_object(Directory path) {
  engine::json::Object members;
  for (std::uint64_t i = 0; i < kWide; ++i)
    members[fmt::format("member-{:06}", i)] = i;
  const auto store = open(path, engine::json::Object{{"wide", std::move(members)}});
  return cost_in(*store, [](std::uint64_t i) {
    return pointer(fmt::format("/wide/member-{:06}", i * 7919 % kWide));
  });
}

Cost cost_of_long_array(Directory path) {
  engine::json::Array elements;
  for (std::uint64_t i = 0; i < kWide; ++i)
    elements.push_back(i);
  const auto store = open(path, engine::json::Object{{"long", std::move(elements)}});
  return cost_in(
      *store, [](std::uint64_t i) { return pointer(fmt::format("/long/{}", i * 7919 % kWide)); });
}

/// Times single reads of random leaves until `stop`, in µs.
std::vector<double> read_times(const Store& store, const std::function<bool()>& stop) {
  std::vector<double> times;
  std::vector<Pointer> leaves;
  for (std::uint64_t i = 0; i < 1'000; ++i)
    leaves.push_back(leaf(kBig, i * 13));
  for (std::size_t i = 0; !stop(); ++i) {
    const double start = now();
    must(must(store.peek()).get(leaves[i % leaves.size()]));
    times.push_back((now() - start) * 1e6);
  }
  return times;
}

/// The p99 of reads while another thread repeats `step`.
double read_p99(const Store& store, const std::function<void(std::uint64_t)>& step) {
  std::atomic<bool> stop{false};
  std::thread other([&] {
    const double end = now() + seconds_per_row / 2;
    for (std::uint64_t i = 0; now() < end; ++i)
      step(i);
    stop = true;
  });
  auto times = read_times(store, [&] { return stop.load(); });
  other.join();
  return at_share(times, 0.99);
}

/// Reads while a writer flushes, and while somebody flushes who has nothing to do with the store:
/// the disk's interrupts come to the reader's processor or not, which changes by the second.
void reading_beside(Directory dir, Store& store) {
  constexpr int kRounds = 7;
  std::vector<double> idle;
  std::vector<double> beside_writer;
  std::vector<double> beside_file;
  const PlainFile file(dir / "plain");
  for (int round = 0; round < kRounds; ++round) {
    idle.push_back(read_p99(store, [](std::uint64_t) { ::usleep(1'000); }));
    beside_file.push_back(read_p99(store, [&](std::uint64_t i) { file.append(i); }));
    beside_writer.push_back(
        read_p99(store, [&](std::uint64_t i) { put(store, leaf(kBig, i), Value(i)); }));
  }
  figure("read_p99_us", median(beside_writer), median(idle));
  figure("read_beside_us", median(beside_writer), median(beside_file));
}

/// Kilobytes that a line of /proc/self/status names.
double status_kib(std::string_view wanted) {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line))
    if (line.starts_with(wanted)) return std::stod(line.substr(wanted.size() + 1));
  return 0;
}

/// Runs `step` in a child, which ends without closing anything, and gives what it returns.
double in_child(const std::function<double()>& step) {
  int ends[2];
  if (::pipe(ends) != 0) std::exit(1);
  const pid_t child = ::fork();
  if (child == 0) {
    const double result = step();
    ::_exit(::write(ends[1], &result, sizeof result) == sizeof result ? 0 : 1);
  }
  ::close(ends[1]);
  double result = 0;
  if (::read(ends[0], &result, sizeof result) != sizeof result) std::exit(1);
  ::waitpid(child, nullptr, 0);
  ::close(ends[0]);
  return result;
}

double open_ms(Directory path) {
  const double start = now();
  const auto store = open(path, Value());
  return (now() - start) * 1e3;
}

}  // namespace

void sizes(Directory dir) {
  const Cost small = cost_at(dir / "64k", 64UL << 10U);
  const auto row = [&](std::string_view name, const Cost& cost) {
    figure(fmt::format("change_us.{}", name), cost.change_us, small.change_us);
    figure(fmt::format("pages.{}", name), cost.pages, small.pages);
  };
  row("1m", cost_at(dir / "1m", 1UL << 20U));
  row("16m", cost_at(dir / "16m", 16UL << 20U));
  row("64m", cost_at(big_store(dir), kBig));
  row("wide", cost_of_wide_object(dir / "wide"));
  row("long", cost_of_long_array(dir / "long"));
}

void reading(Directory dir) {
  const auto small = open(dir / "small", document(64UL << 10U));
  const auto store = open(big_store(dir), Value());
  const auto read_us = [](const Store& from, std::size_t bytes) {
    warm(
        from, [&](std::uint64_t i) { return leaf(bytes, i); }, 20'000);
    std::vector<Pointer> leaves;
    for (std::uint64_t i = 0; i < 2'000; ++i)
      leaves.push_back(leaf(bytes, i * 31));
    const auto snapshot = must(from.peek());
    std::vector<double> rounds;
    for (int round = 0; round < 50; ++round) {
      const double start = now();
      for (const Pointer& at : leaves)
        must(snapshot.get(at));
      rounds.push_back((now() - start) / static_cast<double>(leaves.size()) * 1e6);
    }
    return median(rounds);
  };
  figure("read_us", read_us(*store, kBig), read_us(*small, 64UL << 10U));
  constexpr int kPeeks = 100'000;
  const double start = now();
  for (int i = 0; i < kPeeks; ++i)
    must(store->peek());
  figure("peek_us", (now() - start) / kPeeks * 1e6, 0);

  reading_beside(dir, *store);
}

void opening(Directory dir) {
  const auto path = big_store(dir);
  std::vector<double> clean;
  for (int i = 0; i < 5; ++i)
    clean.push_back(open_ms(path));
  std::vector<double> unclean;
  for (int i = 0; i < 5; ++i) {
    in_child([&] {
      Store* never_closed = open(path, Value()).release();
      put(*never_closed, leaf(kBig, 1), Value(now()));
      put(*never_closed, leaf(kBig, 2), Value(now()), Durability::soon);
      return 0.0;
    });
    unclean.push_back(open_ms(path));
  }
  figure("open_clean_ms", median(clean), 0);
  figure("open_unclean_ms", median(unclean), 0);
  // LMDB allows one opening in a process.
  const double check_ms = in_child([&] {
    const double start = now();
    must(engine::store::check(path));
    return (now() - start) * 1e3;
  });
  figure("check_ms", check_ms, 0);
}

void memory(Directory dir) {
  const auto path = big_store(dir);
  const double kib = in_child([&] {
    ::malloc_trim(0);  // what the parent freed would hide what is taken here
    const double before = status_kib("RssAnon:");
    const auto store = open(path, Value());
    warm(
        *store, [](std::uint64_t i) { return leaf(kBig, i); }, 20'000);
    for (std::uint64_t i = 0; i < 3'000; ++i)
      put(*store,
          leaf(kBig, i),
          Value(i + 1),
          i % 10 == 0 ? Durability::durable : Durability::soon);
    return status_kib("RssAnon:") - before;
  });
  figure("memory_mib", kib / 1024, 0);
}

void ticks(Directory dir) {
  const auto store = open(dir / "ticks", engine::json::Object{});
  const Pointer at = pointer("/progress");
  put(*store, at, 0, Durability::soon);
  std::atomic<double> sent = 0;
  std::vector<double> seen_us;
  const auto watch = store->watch(
      at, [&](const engine::store::RevisionPtr&) { seen_us.push_back((now() - sent) * 1e6); });
  const auto before = must(store->stats()).commits.transactions;
  const double start = now();
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    sent = now();
    put(*store, at, i, Durability::soon);
  }
  figure("tick_us", (now() - start) * 1e3, 0);
  figure("tick_seen_p99_us", at_share(seen_us, 0.99), 0);
  figure("tick_flushes",
         static_cast<double>(must(store->stats()).commits.transactions - before),
         1000);
}

}  // namespace bench
