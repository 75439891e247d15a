#pragma once

#include "base/time.hh"

#include <lua.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace engine::script {

/// Stops a runaway script. One per VM thread; a POSIX timer signals the thread when the deadline of
/// the innermost entry passes and the handler sets a hook that raises `timeout`, again and again
/// until the entry is left, so that a `pcall` loop does not escape. The timer is armed lazily: an
/// entry that ends in time costs no system call. Past the hard grace more without the VM coming
/// back (a C function that runs for ever) the process is ended: SIGABRT after a line on stderr, or
/// replaced by a fresh one (set_replacement).
class Guard {
 public:
  static constexpr Milliseconds kHardGrace{10'000};

  /// True when hooks are seen by compiled code (LuaJIT built with LUAJIT_ENABLE_CHECKHOOK);
  /// otherwise VMs run with the JIT off.
  static bool stops_compiled_code();

  /// What the calling thread runs at the moment; null outside of every entry. Async-signal-safe.
  static lua_State* running();

  /// Another grace than kHardGrace, for every thread of the process.
  static void set_hard_grace(Milliseconds grace);

  /// What takes the place of the process past the hard grace, after a copy of it has dumped core:
  /// `argv[0]` is the program's path. Empty: nothing does, the process ends by SIGABRT.
  static void set_replacement(std::vector<std::string> argv);

  /// Stops what a thread runs on behalf of one owner, from other threads. Shared; thread-safe.
  class Stopper {
   public:
    Stopper();
    Stopper(const Stopper&) = delete;
    Stopper& operator=(const Stopper&) = delete;
    ~Stopper();

    /// The calling thread is the one that is stopped, until `release`.
    void bind();
    void release();
    /// From now until `forget`, entries of `owner` on that thread end with `cancelled` at the next
    /// chance, the running one and those to come.
    void stop(std::uint64_t owner);
    void forget(std::uint64_t owner);

    struct Impl;

   private:
    std::shared_ptr<Impl> impl_;
  };

  /// RAII: `state` runs under `deadline` until the end of the scope. Entries nest; an inner one
  /// never lasts longer than its outer ones. `owner`: for Stopper; 0: cannot be stopped by it.
  class Entry {
   public:
    Entry(lua_State* state, TimePoint deadline, std::uint64_t owner = 0);
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    ~Entry();

    /// A Stopper ended it.
    [[nodiscard]] bool stopped() const;

   private:
    lua_State* outer_state_;
    TimePoint outer_deadline_;
    std::uint64_t outer_owner_;
    std::int64_t paused_ = 0;  ///< nanoseconds of Pause on this thread at the start
  };

  /// RAII: all entries of the calling thread in this scope are those of `owner`, which `stopper`
  /// may stop. REQUIRES: it is bound to no other thread.
  class Stoppable {
   public:
    Stoppable(Stopper& stopper, std::uint64_t owner);
    Stoppable(const Stoppable&) = delete;
    Stoppable& operator=(const Stoppable&) = delete;
    ~Stoppable();

   private:
    Stopper& stopper_;
    Entry entry_;
  };

  /// RAII: time in this scope does not count (engine work that blocks on the VM's own thread). The
  /// deadlines of all entries move by as much.
  class Pause {
   public:
    Pause();
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;
    ~Pause();

   private:
    TimePoint began_;
    lua_State* state_;
  };
};

}  // namespace engine::script
