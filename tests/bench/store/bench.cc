#include "bench.hh"

#include "base/time.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace bench {
namespace {

constexpr std::size_t kPackageBytes = 4'200;
constexpr std::size_t kPlainBytes = 1UL << 20U;

double seconds(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

}  // namespace

void die(const engine::Error& error) {
  fmt::print(stderr, "store_bench: {}\n", error.message);
  std::exit(1);
}

double now() {
  return seconds(CLOCK_MONOTONIC);
}
double thread_cpu() {
  return seconds(CLOCK_THREAD_CPUTIME_ID);
}
double process_cpu() {
  return seconds(CLOCK_PROCESS_CPUTIME_ID);
}

double at_share(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto at = static_cast<std::size_t>(static_cast<double>(values.size()) * share);
  return values[std::min(at, values.size() - 1)];
}
double median(std::vector<double> values) {
  return at_share(values, 0.5);
}

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
  const double rate = static_cast<double>(times.size()) / (last - start);
  return {rate, at_share(times, 0.5), at_share(times, 0.99)};
}

PlainFile::PlainFile(const std::filesystem::path& path)
    : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
  const std::string block(kPlainBytes, 'x');
  if (fd_ < 0 || ::write(fd_, block.data(), block.size()) < 0) std::exit(1);
  ::fsync(fd_);
}

PlainFile::~PlainFile() {
  ::close(fd_);
}

void PlainFile::append(std::uint64_t i) const {
  const std::string text(128, 'y');
  const auto at = static_cast<off_t>(i * text.size() % (kPlainBytes - text.size()));
  if (::pwrite(fd_, text.data(), text.size(), at) < 0 || ::fdatasync(fd_) != 0) std::exit(1);
}

void figure(std::string_view name, double ours, double base) {
  fmt::print("{} {:.3f} {:.3f}\n", name, ours, base);
  std::fflush(stdout);
}

Value document(std::size_t bytes) {
  engine::json::Object packages;
  for (std::size_t i = 0; i * kPackageBytes < bytes; ++i) {
    engine::json::Object health;
    for (int k = 0; k < 4; ++k) {
      health[fmt::format("check-{}", k)] = engine::json::Object{
          {"name", "a check"}, {"result", "success"}, {"message", std::string(60, 'm')}};
    }
    packages[fmt::format("package-{:06}", i)] = engine::json::Object{
        {"statusInfo", engine::json::Object{{"health", health}, {"started", 0}, {"n", 0}}},
        {"stateInfo",
         engine::json::Object{{"manifest", std::string(3400, 'f')}, {"state", "installed"}}}};
  }
  return engine::json::Object{{"public", engine::json::Object{{"packageData", packages}}}};
}

Pointer pointer(std::string_view text) {
  return must(Pointer::parse(text));
}

Pointer leaf(std::size_t bytes, std::uint64_t i) {
  const std::uint64_t package = i * 7919 % (bytes / kPackageBytes + 1);
  return pointer(fmt::format("/public/packageData/package-{:06}/statusInfo/n", package));
}

std::unique_ptr<Store> open(const std::filesystem::path& directory, Value initial) {
  engine::store::StoreOptions options;
  options.initial = std::move(initial);
  return must(Store::open(directory, std::move(options)));
}

void put(Store& store, const Pointer& path, Value value, engine::store::Durability durability) {
  must(store.mutate([&](engine::store::Mutation& mutation) { return mutation.put(path, value); },
                    durability));
}

std::filesystem::path big_store(Directory dir) {
  auto path = dir / "big";
  if (!std::filesystem::exists(path)) open(path, document(kBig));
  return path;
}

}  // namespace bench
