#pragma once

#include "base/errc.hh"
#include "base/time.hh"

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace engine::app {

/// Counts calls by method: how many, how they failed, how long they took. Every thread counts for
/// itself, with plain stores, so that counting costs some 50 ns; a reader adds them up.
/// Thread-safe.
class Metrics {
 public:
  /// Upper bounds of the latency histogram in microseconds; above the last is +Inf.
  static constexpr std::array<std::int64_t, 14> kBounds = {100,
                                                           250,
                                                           500,
                                                           1'000,
                                                           2'500,
                                                           5'000,
                                                           10'000,
                                                           25'000,
                                                           50'000,
                                                           100'000,
                                                           250'000,
                                                           1'000'000,
                                                           5'000'000,
                                                           30'000'000};

  Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;
  ~Metrics();

  struct Counters;
  /// Where the calling thread counts the calls of `method`; to be found once and kept. Of use on
  /// that thread only, as long as this lives.
  Counters& counters(const std::string& method);
  /// One call was answered; `error` is null when it went well.
  static void count(Counters& counters, Clock::duration took, const Errc* error);
  [[nodiscard]] static const std::string& method_of(const Counters& counters);

  /// One row a method, added up over all threads.
  struct Row {
    std::uint64_t calls = 0;
    std::uint64_t micros = 0;
    std::array<std::uint64_t, kBounds.size() + 1> buckets{};
    std::map<std::string_view, std::uint64_t> errors;  ///< by kind
  };
  [[nodiscard]] std::map<std::string, Row> rows() const;

  /// The rows in the text format of Prometheus.
  void write(std::string& out) const;

 private:
  struct Slot;
  Slot& here();

  const std::uint64_t id_;  ///< of this object, for the cache of each thread
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Slot>> slots_;
};

/// Appends "# HELP …", "# TYPE …" of one metric.
void begin_metric(std::string& out,
                  std::string_view name,
                  std::string_view type,
                  std::string_view help);
/// Appends `name{labels} value`; `labels` as they are written, may be empty.
void put_metric(std::string& out, std::string_view name, std::string_view labels, double value);
/// `text` with \, " and line ends escaped, as a label's value.
std::string label_value(std::string_view text);

}  // namespace engine::app
