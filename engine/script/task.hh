#pragma once

#include "script/convert.hh"
#include "script/vm.hh"

#include <memory>

namespace engine::script {

/// The right to resume one suspended coroutine, once. Move-only; use on the VM's thread. Destroyed
/// unused, it resumes the coroutine with `nil, {code = 'cancelled'}` (unless the VM is closing).
/// Used while Lua runs (from inside a binding or a finaliser) it resumes through the loop, later.
class Resumer {
 public:
  Resumer(std::weak_ptr<Vm*> vm, TaskId task, std::uint32_t ticket);
  Resumer(Resumer&&) noexcept = default;
  Resumer& operator=(Resumer&& other) noexcept;
  Resumer(const Resumer&) = delete;
  Resumer& operator=(const Resumer&) = delete;
  ~Resumer();

  /// Resumes with the values `push` puts on the stack. Does nothing when the task was cancelled or
  /// timed out meanwhile, or the VM is gone: `push` is then not called.
  void resume(Push push);

  /// A completion that resumes with what `push` makes of the value, or with `nil, err`.
  /// It must run on the VM's loop (as every Completion of that loop does).
  template <typename T>
  static Completion<T> completion(Resumer resumer, UniqueFunction<int(lua_State*, T&&)> push) {
    return [resumer = std::move(resumer), push = std::move(push)](Result<T> result) mutable {
      resumer.resume([result = std::move(result), push = std::move(push)](lua_State* s) mutable {
        return result ? push(s, std::move(*result)) : push_failure(s, result.error());
      });
    };
  }
  /// The same for operations without a value: resumes with `true`.
  static Completion<> completion(Resumer resumer);

 private:
  std::weak_ptr<Vm*> vm_;
  TaskId task_;
  std::uint32_t ticket_ = 0;
};

/// Ends an operation early; called at most once, on the VM's thread. May be empty.
using Cancel = UniqueFunction<void()>;

/// Suspends the running task. `start` begins the operation (it must not complete inline) and says
/// how to cancel it. Use as `return suspend(L, …)` at the end of a binding: `start` runs before it
/// returns, so it may capture locals by reference. Raises when the caller is not the task's own
/// coroutine, or is inside a C callback (table.sort, string.gsub, require).
int suspend(lua_State* state, UniqueFunction<Cancel(Resumer)> start);

/// Runs `work` on the offload pool (service loop::OffloadPool) and resumes with what `push` makes
/// of its value (`true` for the second form). The shape of every blocking binding. In a program
/// without a pool, and outside a task, the work runs inline; its time does not count against the
/// script's deadline. Work that takes long has a `cancel`, or it goes on when nobody waits any
/// more.
template <typename T>
int offload(lua_State* state,
            UniqueFunction<Result<T>()> work,
            UniqueFunction<int(lua_State*, T&&)> push,
            Cancel cancel = {});
int offload(lua_State* state, UniqueFunction<Result<>()> work);

/// The task the state is running, or a dead id on the main coroutine.
TaskId current_task(lua_State* state);

/// What the running task was called when it was spawned: the method, for a call. Empty outside of
/// one. Valid until the task ends.
std::string_view task_name(lua_State* state);

/// For whom the running task works, as set_task_author said; a task has that of the one that
/// spawned it. Empty when nobody was named. Valid until the task ends.
std::string_view task_author(lua_State* state);
/// Nothing happens outside of a task.
void set_task_author(lua_State* state, std::string_view author);

/// What its caller named the call that the running task is of (member `trace` of a request); a task
/// has that of the one that spawned it. Empty for a call without a name, and outside of a task.
std::string_view task_call_name(lua_State* state);

/// When the running task will be cancelled; TimePoint::max() outside of one, or when it never is.
TimePoint task_deadline(lua_State* state);

}  // namespace engine::script

#include "script/task_offload.inl"
