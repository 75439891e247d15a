#pragma once

#include "loop/loop.hh"
#include "script/ref.hh"
#include "script/task.hh"
#include "script/trace_log.hh"
#include "script/vm.hh"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace engine::script {

/// The tasks of one VM: coroutines, what they wait for, and their deadlines. Value inside Vm::Impl.
class Scheduler {
 public:
  explicit Scheduler(Vm::Impl& vm) : vm_(vm) {}
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  TaskId spawn(
      const Ref& function, Arguments arguments, Limits limits, Done done, std::string_view name);
  void cancel(TaskId id, Errc reason);
  void cancel_owner(std::uint64_t owner);
  /// Cancels everything; afterwards no task is left.
  void close();

  /// The body of script::suspend: what the binding returns, or kRaise with the error on the stack.
  static constexpr int kRaise = -2;  // lua_yield gives -1
  int suspend(lua_State* state, UniqueFunction<Cancel(Resumer)> start);
  /// Resumes if `ticket` is still the one the task waits with; through the loop when Lua runs.
  void resume(TaskId id, std::uint32_t ticket, Push push);

  /// The task whose own coroutine `state` is.
  [[nodiscard]] TaskId current(lua_State* state) const;
  /// Empty for a dead id.
  [[nodiscard]] std::string_view name(TaskId id) const;
  /// For whom it works; empty for a dead id.
  [[nodiscard]] std::string_view author(TaskId id) const;
  void set_author(TaskId id, std::string_view author);
  /// The task spawned next works for `author`.
  void author_next(std::string_view author) { next_author_ = author; }
  [[nodiscard]] std::string_view call_name(TaskId id) const;
  /// The task spawned next is of a call that its caller named so.
  void call_name_next(std::string_view name) { next_call_name_ = name; }
  /// TimePoint::max() for a dead id.
  [[nodiscard]] TimePoint deadline(TaskId id) const;
  /// The task spawned next is followed.
  void trace_next(std::shared_ptr<TraceLog> log) { next_trace_ = std::move(log); }
  [[nodiscard]] TraceLog* trace_of(lua_State* state) const;
  [[nodiscard]] std::size_t live() const { return live_; }
  struct Waiting {
    std::string id;  ///< no two tasks of a VM ever have the same
    std::string name;
    std::string place;  ///< "core/job.lua:12"; empty when no script waits
  };
  [[nodiscard]] std::vector<Waiting> waiting() const;

 private:
  struct Task {
    std::uint32_t generation = 1;
    lua_State* coroutine = nullptr;
    int anchor = LUA_NOREF;  ///< keeps the coroutine
    Done done;
    Cancel cancel;
    std::string name;
    std::string author;
    std::string call_name;
    std::shared_ptr<TraceLog> trace;  ///< null: nobody follows it
    int span = -1;                    ///< of what it waits for
    TimePoint deadline;
    Milliseconds slice{};
    std::uint64_t owner = 0;
    std::uint32_t ticket = 0;
    bool alive = false;
    bool suspended = false;
    std::optional<Errc> cancelled;
    int refusals = 0;  ///< suspensions refused since it was cancelled
  };

  [[nodiscard]] Task* find(TaskId id) const;
  TaskId take_slot();
  void take_coroutine(lua_State* main, Task& task);
  void run(TaskId id, int arguments);
  void finish(TaskId id, int status);
  void release(TaskId id);
  void wake(TaskId id, Push push);
  [[nodiscard]] TimePoint real_deadline(const Task& task) const;
  void watch_deadline(const Task& task);
  void sweep_deadlines();

  Vm::Impl& vm_;
  std::vector<std::unique_ptr<Task>> tasks_;
  std::vector<std::uint32_t> free_;
  struct Spare {
    lua_State* coroutine;
    int anchor;
  };
  std::vector<Spare> spare_;  ///< coroutines that ended well and can run another function
  std::size_t live_ = 0;
  std::shared_ptr<TraceLog> next_trace_;
  std::string next_author_;
  std::string next_call_name_;
  TaskId current_;
  std::unique_ptr<loop::Timer> timer_;  ///< fires at the earliest deadline of a suspended task
  TimePoint timer_at_ = TimePoint::max();
};

}  // namespace engine::script
