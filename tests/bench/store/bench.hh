#pragma once

#include "json/pointer.hh"
#include "json/value.hh"
#include "store/store.hh"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

/// What the rows of the store benchmark share.
namespace bench {

using engine::Result;
using engine::json::Pointer;
using engine::json::Value;
using engine::store::Store;

/// Time of one figure.
inline double seconds_per_row = 1;

/// The value, or the end of the program with the reason.
void die(const engine::Error& error);
template <typename T>
T must(Result<T> result) {
  if (!result) die(result.error());
  return std::move(*result);
}
inline void must(const Result<>& result) {
  if (!result) die(result.error());
}

double now();          ///< seconds
double thread_cpu();   ///< seconds of processor time of this thread
double process_cpu();  ///< of all threads

double median(std::vector<double> values);
double at_share(std::vector<double>& values, double share);  ///< sorts; 0.99 gives the p99

struct Rate {
  double per_second = 0;
  double p50_us = 0;
  double p99_us = 0;
};
/// A file of 1 MiB into which 128 bytes at a time are written and flushed.
class PlainFile {
 public:
  explicit PlainFile(const std::filesystem::path& path);
  ~PlainFile();
  PlainFile(const PlainFile&) = delete;
  PlainFile& operator=(const PlainFile&) = delete;
  void append(std::uint64_t i) const;

 private:
  int fd_;
};

/// Runs `step` for the time of one row.
Rate measure(const std::function<void(std::uint64_t)>& step);

/// One line of the output: name, ours, baseline (0: none).
void figure(std::string_view name, double ours, double base);

/// A document of about `bytes`, shaped like a server with many packages, and a number in it.
Value document(std::size_t bytes);
Pointer leaf(std::size_t bytes, std::uint64_t i);
Pointer pointer(std::string_view text);

std::unique_ptr<Store> open(const std::filesystem::path& directory, Value initial);
void put(Store& store,
         const Pointer& path,
         Value value,
         engine::store::Durability durability = engine::store::Durability::durable);

using Directory = const std::filesystem::path&;
void single_writer(Directory dir);
void many_writers(Directory dir);
void flush_time(Directory dir);
void ticks(Directory dir);
void sizes(Directory dir);
void reading(Directory dir);
void opening(Directory dir);
void memory(Directory dir);
void diffing(Directory dir);
void following(Directory dir);

/// The 64 MiB store of the run, made when it is first asked for.
std::filesystem::path big_store(Directory dir);
inline constexpr std::size_t kBig = 64UL << 20U;

}  // namespace bench
