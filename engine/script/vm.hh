#pragma once

#include "base/function_ref.hh"
#include "base/result.hh"
#include "base/time.hh"
#include "loop/completion.hh"
#include "loop/loop.hh"
#include "script/ref.hh"
#include "script/services.hh"
#include "script/snapshot.hh"

#include <lua.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace engine::script {

class TraceLog;

/// A Lua module made in C++: `require('engine.json')` calls `open` with nothing on the stack and
/// expects one table.
struct Module {
  const char* name;
  lua_CFunction open;
};

/// Pushes values on a stack and returns how many.
using Push = UniqueFunction<int(lua_State*)>;
/// The same for a call that is being made: it is done before the function that takes it returns.
using Arguments = FunctionRef<int(lua_State*)>;

/// A deadline that never comes.
inline constexpr Milliseconds kForever = Milliseconds::max();

/// How long one entry into Lua may take. Wall clock.
struct Limits {
  /// The call as a whole, waiting included. A task that is suspended then is cancelled with
  /// `timeout`.
  Milliseconds deadline{30'000};
  /// Running without yielding; then the guard raises `timeout`.
  Milliseconds slice{5'000};
  /// On whose behalf, for `cancel_owner`: the id of a connection. 0: nobody's.
  std::uint64_t owner = 0;
  /// When a call (not a task) began; none: now. Saves reading the clock.
  TimePoint begun = {};
};

/// How a function ended: its results on top of a stack, or an error.
struct Outcome {
  lua_State* state = nullptr;  ///< where the results lie; valid during the call only
  int results = 0;             ///< how many, on top of `state`
  Result<> status = {};  ///< Errc::script (message with file:line, traceback in `debug`) or the
                         ///< code of the error table that was raised
  bool entered = true;   ///< false: the arguments could not be made, the function was not called
};
using Done = UniqueFunction<void(Outcome)>;

/// Identifies a task of a VM; stays invalid for ever once the task has ended.
struct TaskId {
  std::uint32_t index = 0;
  std::uint32_t generation = 0;
  auto operator<=>(const TaskId&) const = default;
};

/// One Lua state with its tasks, guard and engine modules. Resource type; lives on one thread (that
/// of its loop). Destroying it ends it (`end`), then closes the state.
class Vm {
 public:
  struct Options {
    std::string name = "vm";       ///< for logs: "control", "worker-1"
    std::size_t memory_limit = 0;  ///< bytes; 0: none. Past it scripts get `not enough memory`
    bool keep_memory = false;      ///< a small heap that was collected is kept for what comes
    bool jit = true;
    bool trusted = true;  ///< false: text chunks only, JIT off, allow-listed globals
    std::shared_ptr<const Snapshot> scripts =
        {};  ///< where `require` finds Lua modules; may be null
  };

  /// Any thread: until it is first used the VM belongs to none. `services` outlives the VM.
  static Result<std::unique_ptr<Vm>> create(loop::Loop& loop,
                                            const Services& services,
                                            std::span<const Module> modules,
                                            Options options);
  Vm(const Vm&) = delete;
  Vm& operator=(const Vm&) = delete;
  ~Vm();

  /// Ends what belongs to the VM's thread: cancels its tasks, lets the objects of its scripts go
  /// and empties every Ref. Only memory is left then: the Vm may be destroyed on any thread, and
  /// nothing else may be done with it.
  void end();

  /// RAII: what runs in this scope runs once, as the bodies of modules do. It is not compiled,
  /// which would take longer than it saves.
  class RunsOnce {
   public:
    explicit RunsOnce(Vm& vm);
    RunsOnce(const RunsOnce&) = delete;
    RunsOnce& operator=(const RunsOnce&) = delete;
    ~RunsOnce();

   private:
    Vm& vm_;
  };

  /// The VM a state (main or coroutine) belongs to.
  static Vm& of(lua_State* state);

  /// For work that comes back later by another way than a Resumer: expires when the Vm closes.
  [[nodiscard]] std::weak_ptr<Vm*> watch() const;

  [[nodiscard]] lua_State* state() const;
  [[nodiscard]] loop::Loop& loop() const;
  [[nodiscard]] const Services& services() const;
  [[nodiscard]] const std::string& name() const;
  [[nodiscard]] const std::shared_ptr<const Snapshot>& scripts() const;
  [[nodiscard]] std::size_t heap_bytes() const;
  [[nodiscard]] std::size_t live_tasks() const;
  /// How many of the tasks that scripts started have not ended; counted by who starts them.
  [[nodiscard]] const std::shared_ptr<std::size_t>& spawned() const;

  /// Runs `require(name)` protected and keeps the module. Module bodies must not yield.
  Result<Ref> require(std::string_view name, Limits limits = {});

  /// Compiles `source`; `name` as in tracebacks ("core/echo.lua"). Text only.
  Result<Ref> compile(std::string_view source, std::string_view name);

  /// Calls `function` now, without a coroutine: it may not yield. `done` runs before this returns.
  void call(const Ref& function,
            Arguments arguments,
            Limits limits,
            FunctionRef<void(Outcome)> done);

  /// Runs `function` in a coroutine. `done` runs once, on the VM's thread: before this returns if
  /// the function ends without yielding, else later; also when it was cancelled. Returns the task,
  /// or a dead id when it has ended already.
  TaskId spawn(const Ref& function,
               Arguments arguments,
               Limits limits,
               Done done,
               std::string_view name = "task");

  /// What the task spawned next waits for is written down in `log`.
  void trace_next(std::shared_ptr<TraceLog> log);
  /// The task spawned next works for `author` (task_author).
  void author_next(std::string_view author);
  /// The task spawned next is of a call that its caller named so (task_call_name).
  void call_name_next(std::string_view name);

  /// Ends the task's pending operation and resumes it with `nil, {code = 'cancelled'}`; every later
  /// suspension of it fails the same way. No effect on a dead id.
  void cancel(TaskId task, Errc reason = Errc::cancelled);
  /// Cancels every task of `owner` (Limits). Those that do not wait for anything need
  /// Guard::Stopper::stop as well, from another thread.
  void cancel_owner(std::uint64_t owner);

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  explicit Vm(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace engine::script
