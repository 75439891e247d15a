#pragma once

#include "base/result.hh"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace engine::log {

enum class Level : std::uint8_t { trace, debug, info, warn, error };

using Field = std::pair<std::string_view, std::string_view>;
using Fields = std::initializer_list<Field>;

/// Where the process logs. The logger is the one global of the engine; any thread may log.
struct Options {
  std::filesystem::path file = {};  ///< JSON lines, rotated at 50 MiB, 10 kept; empty: no file
  bool to_stderr = true;            ///< plain text for people
  Level level = Level::info;
  std::string instance = {};  ///< value of the `instance` field in every line
};

/// Sets sinks and level. May be called again. ERRORS: Errc::filesystem.
Result<> configure(const Options& options);

/// Closes and opens the file again (after an external rotation).
Result<> reopen();

/// Sees every line that is written, on the thread that writes it.
using Observer = std::function<void(
    Level level, std::string_view target, std::string_view message, std::span<const Field> fields)>;

/// Sets or, with null, takes away the one observer; the one before is not running any more when
/// this returns. It must be quick and must not log.
void observe(Observer observer);

/// From now on `secret` is written as `***` wherever it occurs, in files and to the observer. False
/// for one under 6 bytes, which would mask too much. Thread-safe.
bool hide(std::string_view secret);
/// Takes `hide` back.
void unhide(std::string_view secret);
/// `text` with what is hidden masked.
std::string masked(std::string_view text);

/// Writes one line. `target` is the part that speaks, e.g. "net" or "service.hello-world".
/// Never pass a secret that was not hidden: fields are written as they are.
void write(Level level,
           std::string_view target,
           std::string_view message,
           std::span<const Field> fields);
inline void write(Level level,
                  std::string_view target,
                  std::string_view message,
                  Fields fields = {}) {
  write(level, target, message, std::span(fields.begin(), fields.size()));
}

inline void debug(std::string_view target, std::string_view message, Fields fields = {}) {
  write(Level::debug, target, message, fields);
}
inline void info(std::string_view target, std::string_view message, Fields fields = {}) {
  write(Level::info, target, message, fields);
}
inline void warn(std::string_view target, std::string_view message, Fields fields = {}) {
  write(Level::warn, target, message, fields);
}
inline void error(std::string_view target, std::string_view message, Fields fields = {}) {
  write(Level::error, target, message, fields);
}

/// The level called `name` ("warn"), or info.
Level level_from_name(std::string_view name);
std::string_view level_name(Level level);

}  // namespace engine::log
