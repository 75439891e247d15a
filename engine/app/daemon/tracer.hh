#pragma once

#include "json/value.hh"
#include "loop/completion.hh"
#include "script/trace_log.hh"

#include <atomic>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

namespace engine::app {

/// Collects the spans of the next calls of one method. Thread-safe; a service. While nobody follows
/// anything a call pays one relaxed load.
class Tracer {
 public:
  Tracer() = default;
  Tracer(const Tracer&) = delete;
  Tracer& operator=(const Tracer&) = delete;

  /// Whether this call is to be followed; a yes counts.
  bool take(std::string_view method) {
    return active_.load(std::memory_order_relaxed) && claim(method);
  }
  /// The spans of a call that was taken.
  void add(const script::TraceLog& log, json::Value facts);

  /// Follows `count` calls; `done` runs once, on any thread, when all have ended or at `finish`.
  /// ERRORS (by the return value): Errc::busy.
  Result<> begin(std::string method, std::size_t count, UniqueFunction<void(json::Value)> done);
  /// Ends with what has come so far.
  void finish();

 private:
  bool claim(std::string_view method);

  std::atomic<bool> active_{false};
  std::mutex mutex_;
  std::string method_;
  std::size_t to_take_ = 0;
  std::size_t to_come_ = 0;
  json::Array calls_;
  UniqueFunction<void(json::Value)> done_;
};

}  // namespace engine::app
