#pragma once

#include "base/time.hh"

#include <lua.hpp>

namespace engine::script {

/// Stops a runaway script. One per VM thread; a POSIX timer signals the thread when the deadline of
/// the innermost entry passes and the handler sets a hook that raises `timeout`. The timer is armed
/// lazily: an entry that ends in time costs no system call. Past `kHardGrace` more without the VM
/// coming back the process is ended (exit by SIGABRT after a line on stderr).
class Guard {
 public:
  static constexpr Milliseconds kHardGrace{10'000};

  /// True when hooks are seen by compiled code (LuaJIT built with LUAJIT_ENABLE_CHECKHOOK);
  /// otherwise VMs run with the JIT off while a deadline is in force.
  static bool stops_compiled_code();

  /// RAII: `state` runs under `deadline` until the end of the scope. Entries nest.
  class Entry {
   public:
    Entry(lua_State* state, TimePoint deadline);
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    ~Entry();

   private:
    lua_State* outer_state_;
    TimePoint outer_deadline_;
  };
};

}  // namespace engine::script
