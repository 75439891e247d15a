#pragma once

#include "base/result.hh"
#include "json/value.hh"

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace engine::app {

/// A place in a script as tracebacks name it. Value type.
struct Place {
  std::string file;  ///< "core/echo.lua"
  int line = 0;
};

/// The first "core/echo.lua:12" in a message or traceback.
std::optional<Place> find_place(std::string_view text);

/// Counts the handlers that raised or ran for ever instead of answering, for `script.status`.
/// Thread-safe.
class FailureTable {
 public:
  /// Logs the error with its traceback under a fresh correlation id, counts it and gives what the
  /// client may know: the kind and that id.
  Error record(const std::string& method, const Error& raised);

  /// method → {count, last, at, correlationId, file?, line?, trace?}
  [[nodiscard]] json::Value summary() const;
  /// What failed in these files ("core/echo.lua") is history: they have changed.
  void forget(const std::vector<std::string>& files);

 private:
  struct Entry {
    std::int64_t count = 0;
    std::string last;
    std::string at;
    std::string correlation;
    std::string trace;
    std::optional<Place> place;  ///< where it was raised
  };
  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

}  // namespace engine::app
