// What a durable small change costs: the store beside raw LMDB doing the same two puts (the leaf,
// and 120 bytes of log) in the same directory and the same run. Ratios matter, digits do not.
//   store_bench [--dir DIR] [--seconds S] [--only single|many|ticks|sizes]
// Each line of the output: name, our figure, the baseline's figure.

#include "base/time.hh"
#include "json/value.hh"
#include "store/store.hh"

#include <fmt/format.h>
#include <lmdb.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace engine;
using json::Pointer;
using json::Value;
using store::Durability;
using store::Mutation;
using store::Store;

double seconds_per_row = 1;

double now() {
  return std::chrono::duration<double>(Clock::now().time_since_epoch()).count();
}

template <typename T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  fmt::print(stderr, "store_bench: {}\n", result.error().message);
  std::exit(1);
}

struct Rate {
  double per_second = 0;
  double p50_us = 0;
  double p99_us = 0;
};

/// Runs `step` for the time of one row.
Rate measure(const std::function<void(std::uint64_t)>& step) {
  std::vector<double> times;
  for (std::uint64_t i = 0; i < 3; ++i)
    step(i);
  const double start = now();
  double last = start;
  for (std::uint64_t i = 3; last - start < seconds_per_row; ++i) {
    step(i);
    const double end = now();
    times.push_back((end - last) * 1e6);
    last = end;
  }
  std::sort(times.begin(), times.end());
  const auto count = static_cast<double>(times.size());
  return {count / (last - start), times[times.size() / 2], times[times.size() * 99 / 100]};
}

void figure(std::string_view name, double ours, double base) {
  fmt::print("{} {:.3f} {:.3f}\n", name, ours, base);
  std::fflush(stdout);
}

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
      put(txn, docs_, fmt::format("doc:{:08}", i), std::string(120, 'x'), 0);
    mdb_txn_commit(txn);
  }
  ~Raw() { mdb_env_close(env_); }
  Raw(const Raw&) = delete;
  Raw& operator=(const Raw&) = delete;

  void commit(int changes) {
    MDB_txn* txn = nullptr;
    mdb_txn_begin(env_, nullptr, 0, &txn);
    for (int i = 0; i < changes; ++i) {
      ++revision_;
      const std::string value = fmt::format("{:0120}", revision_);
      put(txn, docs_, fmt::format("doc:{:08}", revision_ * 7919 % 1000), value, 0);
      const std::uint64_t key = __builtin_bswap64(revision_);
      put(txn, log_, {reinterpret_cast<const char*>(&key), 8}, value, MDB_APPEND);
    }
    if (mdb_txn_commit(txn) != 0) std::exit(1);
  }

 private:
  static void put(
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

/// A document of about `bytes`, shaped like a server with many packages.
Value document(std::size_t bytes) {
  json::Object packages;
  for (std::size_t i = 0; i * 4200 < bytes; ++i) {
    json::Object health;
    for (int k = 0; k < 4; ++k) {
      health[fmt::format("check-{}", k)] = json::Object{
          {"name", "a check"}, {"result", "success"}, {"message", std::string(60, 'm')}};
    }
    packages[fmt::format("package-{:06}", i)] = json::Object{
        {"statusInfo", json::Object{{"health", health}, {"started", 0}, {"n", 0}}},
        {"stateInfo", json::Object{{"manifest", std::string(3400, 'f')}, {"state", "installed"}}}};
  }
  return json::Object{{"public", json::Object{{"packageData", packages}}}};
}

Pointer leaf(std::size_t bytes, std::uint64_t i) {
  const std::uint64_t package = i * 7919 % (bytes / 4200 + 1);
  return must(
      Pointer::parse(fmt::format("/public/packageData/package-{:06}/statusInfo/n", package)));
}

void put_leaf(Store& store, const Pointer& path, std::uint64_t value, Durability durability) {
  must(store.mutate([&](Mutation& m) { return m.put(path, Value(value)); }, durability));
}

std::uint64_t bytes_written() {
  std::ifstream io("/proc/self/io");
  std::string name;
  std::uint64_t value = 0;
  while (io >> name >> value)
    if (name == "wchar:") return value;
  return 0;
}

void single_writer(const std::filesystem::path& dir) {
  Raw raw(dir / "raw1");
  const Rate base = measure([&](std::uint64_t) { raw.commit(1); });
  store::StoreOptions options;
  options.initial = document(1UL << 20U);
  const auto store = must(Store::open(dir / "one", std::move(options)));
  const Rate ours = measure(
      [&](std::uint64_t i) { put_leaf(*store, leaf(1UL << 20U, i), i + 1, Durability::durable); });
  figure("single_rate", ours.per_second, base.per_second);
  figure("single_p50_us", ours.p50_us, base.p50_us);
}

void many_writers(const std::filesystem::path& dir, int writers) {
  Raw raw(dir / "raw64");
  const Rate base = measure([&](std::uint64_t) { raw.commit(writers); });
  store::StoreOptions options;
  options.initial = document(1UL << 20U);
  const auto store = must(Store::open(dir / "many", std::move(options)));
  std::atomic<std::uint64_t> done{0};
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < writers; ++t) {
    threads.emplace_back([&, t] {
      for (std::uint64_t i = 1; !stop; ++i) {
        put_leaf(*store,
                 leaf(1UL << 20U, static_cast<std::uint64_t>(t) * 31 + i),
                 i,
                 Durability::durable);
        ++done;
      }
    });
  }
  const double start = now();
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds_per_row));
  stop = true;
  for (std::thread& thread : threads)
    thread.join();
  const double rate = static_cast<double>(done) / (now() - start);
  const double raw_rate = base.per_second * writers;
  const auto stats = must(store->stats()).commits;
  figure("many_rate", rate, raw_rate);
  figure("many_per_flush",
         static_cast<double>(stats.revisions) / static_cast<double>(stats.transactions),
         writers);
}

struct Sizes {
  double mutate_us = 0;
  double pages = 0;
  double read_us = 0;
  double peek_us = 0;
  double open_ms = 0;
};

Sizes at_size(const std::filesystem::path& dir, std::size_t bytes) {
  Sizes result;
  {
    store::StoreOptions options;
    options.initial = document(bytes);
    must(Store::open(dir, std::move(options)));
  }
  const double start = now();
  const auto store = must(Store::open(dir));
  result.open_ms = (now() - start) * 1e3;
  put_leaf(*store, leaf(bytes, 1), 1, Durability::soon);
  result.mutate_us = measure([&](std::uint64_t i) {
                       Mutation mutation = must(store->begin());
                       if (!mutation.put(leaf(bytes, i), Value(i + 7))) std::exit(1);
                       must(std::move(mutation).finish());
                     }).p50_us;
  const auto snapshot = must(store->peek());
  result.read_us = measure([&](std::uint64_t i) { must(snapshot.get(leaf(bytes, i))); }).p50_us;
  result.peek_us = measure([&](std::uint64_t) { must(store->peek()); }).p50_us;
  const std::uint64_t before = bytes_written();
  constexpr int kCommits = 50;
  for (std::uint64_t i = 0; i < kCommits; ++i)
    put_leaf(*store, leaf(bytes, i), i + 1000, Durability::durable);
  result.pages = static_cast<double>(bytes_written() - before) / 4096 / kCommits;
  return result;
}

void sizes(const std::filesystem::path& dir) {
  const Sizes small = at_size(dir / "64k", 64UL << 10U);
  const Sizes big = at_size(dir / "64m", 64UL << 20U);
  figure("change_us", big.mutate_us, small.mutate_us);
  figure("read_us", big.read_us, small.read_us);
  figure("peek_us", big.peek_us, small.peek_us);
  figure("pages", big.pages, small.pages);
  figure("open_ms", big.open_ms, small.open_ms);
}

void ticks(const std::filesystem::path& dir) {
  const auto store = must(Store::open(dir / "ticks"));
  put_leaf(*store, must(Pointer::parse("/progress")), 0, Durability::soon);
  const auto before = must(store->stats()).commits.transactions;
  const double start = now();
  for (std::uint64_t i = 1; i <= 1000; ++i)
    put_leaf(*store, must(Pointer::parse("/progress")), i, Durability::soon);
  const double each = (now() - start) * 1e3;
  figure("tick_us", each, 0);
  figure("tick_flushes",
         static_cast<double>(must(store->stats()).commits.transactions - before),
         1000);
}

}  // namespace

int main(int argc, char** argv) {
  std::string base = "/var/tmp";
  std::string_view only;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view option = argv[i];
    if (option == "--dir") base = argv[i + 1];
    if (option == "--only") only = argv[i + 1];
    if (option == "--seconds") seconds_per_row = std::atof(argv[i + 1]);
  }
  std::string name = base + "/store_bench.XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) return 1;
  const std::filesystem::path dir = name;
  const auto wanted = [only](std::string_view row) { return only.empty() || only == row; };
  if (wanted("single")) single_writer(dir);
  if (wanted("many")) many_writers(dir, 64);
  if (wanted("ticks")) ticks(dir);
  if (wanted("sizes")) sizes(dir);
  std::filesystem::remove_all(dir);
  return 0;
}
