#pragma once

#include "base/time.hh"

#include <lua.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace engine::script {

/// What one call did, as nested spans of time. Value type; lives on the thread of its VM.
class TraceLog {
 public:
  struct Span {
    std::string name;
    std::string at;  ///< "core/db.lua:44", or empty
    int parent = -1;
    std::int64_t start = 0;    ///< nanoseconds since the log was made
    std::int64_t finish = -1;  ///< -1: still open
  };

  /// Begins a span inside the one that was opened last.
  int open(std::string name, std::string at);
  /// Ends a span and those still open inside it.
  void close(int span);

  [[nodiscard]] const std::vector<Span>& spans() const { return spans_; }

 private:
  [[nodiscard]] std::int64_t elapsed() const;

  TimePoint began_ = Clock::now();
  std::vector<Span> spans_;
  int innermost_ = -1;
};

/// The log of the task that `state` runs; null when nobody follows it.
TraceLog* current_trace(lua_State* state);

}  // namespace engine::script
