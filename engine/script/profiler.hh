#pragma once

#include "base/result.hh"

#include <cstdint>
#include <map>
#include <string>

namespace engine::script {

/// Samples what the scripts of one thread do, by that thread's processor time: a POSIX timer
/// signals the thread, the handler sets a hook, and the hook writes the stack down at the next
/// instruction and takes itself away. LuaJIT's own profiler serves one VM of a process, and its
/// signal may come to any thread. Nothing costs anything between `stop` and `start`.
class Profiler {
 public:
  struct Profile {
    std::uint64_t samples = 0;
    /// "core/echo.lua:12 run;core/echo.lua:14;[compiled]" → samples. The last frame is what LuaJIT
    /// did: compiled, interpreted, C, gc, compiler, or nothing where that is not known. Time
    /// outside of scripts is `[engine]`.
    std::map<std::string, std::uint64_t> stacks;
  };

  /// Begins on the calling thread. ERRORS: Errc::busy when it has begun already.
  static Result<> start(unsigned hertz);
  /// Ends on the calling thread. Empty when nothing was begun.
  static Profile stop();
};

}  // namespace engine::script
