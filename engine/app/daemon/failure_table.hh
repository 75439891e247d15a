#pragma once

#include "base/result.hh"
#include "json/value.hh"

#include <map>
#include <mutex>
#include <string>

namespace engine::app {

/// Counts the handlers that raised instead of answering, for `script.status`. Thread-safe.
class FailureTable {
 public:
  /// Logs the error with its traceback under a fresh correlation id, counts it and gives what the
  /// client may know: the kind and that id.
  Error record(const std::string& method, const Error& raised);

  /// method → {count, last, at, correlationId}
  [[nodiscard]] json::Value summary() const;
  void clear();

 private:
  struct Entry {
    std::int64_t count = 0;
    std::string last;
    std::string at;
    std::string correlation;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

}  // namespace engine::app
