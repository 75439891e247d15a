#include "script/scheduler.hh"

#include "base/defer.hh"
#include "script/live.hh"
#include "script/traceback.hh"
#include "script/vm_impl.hh"

#include <algorithm>

namespace engine::script {
namespace {

constexpr std::size_t kSpareCoroutines = 64;
/// A cancelled task that goes on asking the engine to wait is told so this often, then stopped.
constexpr int kRefusals = 64;
/// Time a cancelled task has for its own cleaning up.
constexpr Milliseconds kCleanup{1'000};
/// A result must be readable without growing the stack where growing could fail.
constexpr int kResultSlots = 500;

Error cancelled_error(Errc reason) {
  switch (reason) {
    case Errc::timeout:
      return {.code = reason, .message = "the task ran past its deadline"};
    case Errc::shutting_down:
      return {.code = reason, .message = "the program is shutting down"};
    default:
      return {.code = reason, .message = "the task was cancelled"};
  }
}

}  // namespace

Scheduler::Task* Scheduler::find(TaskId id) const {
  if (id.index >= tasks_.size()) return nullptr;
  Task& task = *tasks_[id.index];
  return task.alive && task.generation == id.generation ? &task : nullptr;
}

TaskId Scheduler::take_slot() {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(tasks_.size()));
    tasks_.push_back(std::make_unique<Task>());
  }
  const std::uint32_t index = free_.back();
  free_.pop_back();
  Task& task = *tasks_[index];
  task.alive = true;
  ++live_;
  ++script::live().tasks;
  return {index, task.generation};
}

// Runs protected: making a coroutine may run out of memory.
void Scheduler::take_coroutine(lua_State* main, Task& task) {
  if (!spare_.empty()) {
    task.coroutine = spare_.back().coroutine;
    task.anchor = spare_.back().anchor;
    spare_.pop_back();
    return;
  }
  lua_State* made = lua_newthread(main);
  if (vm_.heap.limit() != 0) luaL_checkstack(made, kResultSlots, "no memory for a task");
  task.anchor = luaL_ref(main, LUA_REGISTRYINDEX);
  task.coroutine = made;
}

TaskId Scheduler::spawn(
    const Ref& function, Arguments arguments, Limits limits, Done done, std::string_view name) {
  const TaskId id = take_slot();
  Task& task = *tasks_[id.index];
  task.name = name;
  task.author.swap(next_author_);
  task.call_name.swap(next_call_name_);
  task.done = std::move(done);
  task.trace = std::exchange(next_trace_, nullptr);
  task.deadline = later(vm_.loop.now(), limits.deadline);
  task.slice = limits.slice;
  task.owner = limits.owner;
  const int base = lua_gettop(vm_.state);
  const Result<int> pushed = vm_.protect([&](lua_State* main) {
    take_coroutine(main, task);
    function.push(main);
    const int count = arguments ? arguments(main) : 0;
    luaL_checkstack(task.coroutine, count + 1, "too many arguments");
    return count + 1;
  });
  if (!pushed) {
    Done failed = std::move(task.done);
    release(id);
    if (failed) failed({.status = fail(pushed.error()), .entered = false});
    return {};
  }
  lua_xmove(vm_.state, task.coroutine, *pushed);
  lua_settop(vm_.state, base);
  run(id, *pushed - 1);
  return find(id) != nullptr ? id : TaskId{};
}

// The guard goes by the clock of the machine, whatever the loop's time does.
TimePoint Scheduler::real_deadline(const Task& task) const {
  if (!vm_.loop.time_is_stopped() || task.deadline == TimePoint::max()) return task.deadline;
  return Clock::now() + (task.deadline - vm_.loop.now());
}

void Scheduler::run(TaskId id, int arguments) {
  Task& task = *tasks_[id.index];
  const TaskId outer = current_;
  current_ = id;
  ++vm_.depth;
  int status = 0;
  {
    const TimePoint slice_end = after(task.cancelled ? std::min(task.slice, kCleanup) : task.slice);
    const Guard::Entry entry(vm_.state,
                             task.cancelled ? slice_end : std::min(slice_end, real_deadline(task)),
                             task.cancelled ? 0 : task.owner);
    status = lua_resume(task.coroutine, arguments);
    if (entry.stopped() && !task.cancelled) task.cancelled = Errc::cancelled;
  }
  --vm_.depth;
  current_ = outer;
  if (status == LUA_YIELD && task.suspended) {
    watch_deadline(task);
  } else {
    finish(id, status);
  }
}

void Scheduler::finish(TaskId id, int status) {
  Task& task = *tasks_[id.index];
  lua_State* coroutine = task.coroutine;
  Outcome outcome{.state = coroutine};
  if (status == 0) {
    outcome.results = lua_gettop(coroutine);
  } else if (status == LUA_YIELD) {
    outcome.status = fail(Errc::script,
                          where(coroutine, 0) +
                              ": coroutine.yield outside of a coroutine: a task "
                              "waits through engine functions only");
  } else if (task.cancelled && *task.cancelled != Errc::timeout) {
    // Whatever it raised on its way out, this is why it ended.
    outcome.status = fail(cancelled_error(*task.cancelled));
  } else {
    std::string trace = std::exchange(vm_.memory_trace, {});
    if (status != LUA_ERRMEM || trace.empty()) trace = traceback_of_error(coroutine, 0);
    outcome.status = fail(vm_.failure_of(coroutine, std::move(trace)));
  }
  Done done = std::move(task.done);
  const int anchor = std::exchange(task.anchor, LUA_NOREF);
  release(id);
  if (done) done(std::move(outcome));
  if (status == 0 && spare_.size() < kSpareCoroutines) {
    lua_settop(coroutine, 0);
    spare_.push_back({coroutine, anchor});
  } else {
    luaL_unref(vm_.state, LUA_REGISTRYINDEX, anchor);
  }
  vm_.collect_after(status);
}

void Scheduler::release(TaskId id) {
  Task& task = *tasks_[id.index];
  luaL_unref(vm_.state, LUA_REGISTRYINDEX, std::exchange(task.anchor, LUA_NOREF));
  task.coroutine = nullptr;
  task.cancel = {};
  task.trace.reset();
  task.author.clear();
  task.call_name.clear();
  task.alive = false;
  task.suspended = false;
  task.cancelled.reset();
  task.refusals = 0;
  ++task.ticket;
  ++task.generation;
  free_.push_back(id.index);
  --live_;
  --script::live().tasks;
}

int Scheduler::suspend(lua_State* state, UniqueFunction<Cancel(Resumer)> start) {
  const TaskId id = current(state);
  Task* task = find(id);
  if (task == nullptr) {
    return luaL_error(state,
                      "this function waits: call it from a task (an async handler or "
                      "loop.spawn), not from a coroutine of your own or a module body");
  }
  if (lua_isyieldable(state) == 0) {
    return luaL_error(state,
                      "this function waits: it cannot be called inside table.sort, "
                      "string.gsub or require");
  }
  if (task->cancelled) {
    const Error error = cancelled_error(*task->cancelled);
    if (++task->refusals <= kRefusals) return push_failure(state, error);
    push_error(state, error);
    return kRaise;
  }
  if (task->trace) {
    const int level = engine_level(state);
    task->span = task->trace->open(running_function(state, level), where(state, level + 1));
  }
  const std::uint32_t ticket = ++task->ticket;
  task->suspended = true;
  Defer not_begun([task] { task->suspended = false; });  // should `start` raise
  task->cancel = start(Resumer(vm_.self, id, ticket));
  not_begun.dismiss();
  return lua_yield(state, 0);
}

void Scheduler::resume(TaskId id, std::uint32_t ticket, Push push) {
  const Task* task = find(id);
  if (task == nullptr || !task->suspended || task->ticket != ticket) return;
  if (vm_.depth == 0) {
    wake(id, std::move(push));
    return;
  }
  vm_.loop.post([vm = std::weak_ptr<Vm*>(vm_.self), id, ticket, push = std::move(push)]() mutable {
    if (const auto alive = vm.lock()) {
      (*alive)->impl().tasks.resume(id, ticket, std::move(push));
    }
  });
}

void Scheduler::wake(TaskId id, Push push) {
  Task& task = *tasks_[id.index];
  if (task.trace) task.trace->close(task.span);
  task.suspended = false;
  ++task.ticket;
  task.cancel = {};
  const int base = lua_gettop(vm_.state);
  lua_State* coroutine = task.coroutine;
  const auto values = [&](Push& from) {
    return vm_.protect([&](lua_State* main) {
      const int count = from(main);
      luaL_checkstack(coroutine, count + 1, "too many results");
      return count;
    });
  };
  Result<int> pushed = values(push);
  if (!pushed) {
    Push failure = [&](lua_State* main) { return push_failure(main, pushed.error()); };
    const Result<int> second = values(failure);
    pushed = second ? *second : 0;
  }
  lua_xmove(vm_.state, coroutine, *pushed);
  lua_settop(vm_.state, base);
  run(id, *pushed);
}

void Scheduler::cancel(TaskId id, Errc reason) {
  Task* task = find(id);
  if (task == nullptr || task->cancelled) return;
  task->cancelled = reason;
  if (!task->suspended) return;
  const std::uint32_t ticket = ++task->ticket;  // what was pending resumes nothing any more
  Cancel stop = std::move(task->cancel);
  task->cancel = {};
  if (stop) stop();
  resume(id, ticket, [reason](lua_State* main) {
    return push_failure(main, cancelled_error(reason));
  });
}

void Scheduler::cancel_owner(std::uint64_t owner) {
  if (owner == 0) return;
  for (std::uint32_t index = 0; index < tasks_.size(); ++index) {
    const Task& task = *tasks_[index];
    if (task.alive && task.owner == owner) cancel({index, task.generation}, Errc::cancelled);
  }
}

void Scheduler::close() {
  for (std::uint32_t index = 0; index < tasks_.size(); ++index) {
    const TaskId id{index, tasks_[index]->generation};
    if (find(id) == nullptr) continue;
    cancel(id, Errc::shutting_down);
    Task* const left = find(id);
    if (left == nullptr) continue;
    // It was cancelled before and its resumption is still queued on the loop.
    if (left->suspended) {
      wake(id, [](lua_State* main) {
        return push_failure(main, cancelled_error(Errc::shutting_down));
      });
    }
  }
  timer_.reset();
}

TraceLog* Scheduler::trace_of(lua_State* state) const {
  const TaskId id = current(state);
  return id == TaskId{} ? nullptr : tasks_[id.index]->trace.get();
}

TaskId Scheduler::current(lua_State* state) const {
  if (current_.generation == 0) return {};
  const Task& task = *tasks_[current_.index];
  return task.alive && task.coroutine == state ? current_ : TaskId{};
}

std::string_view Scheduler::name(TaskId id) const {
  const Task* task = find(id);
  return task == nullptr ? std::string_view{} : task->name;
}

std::string_view Scheduler::author(TaskId id) const {
  const Task* task = find(id);
  return task == nullptr ? std::string_view{} : task->author;
}

std::string_view Scheduler::call_name(TaskId id) const {
  const Task* task = find(id);
  return task == nullptr ? std::string_view{} : task->call_name;
}

void Scheduler::set_author(TaskId id, std::string_view author) {
  if (Task* const task = find(id); task != nullptr) task->author = author;
}

TimePoint Scheduler::deadline(TaskId id) const {
  const bool known = id.generation != 0 && id.index < tasks_.size();
  if (!known || tasks_[id.index]->generation != id.generation) return TimePoint::max();
  return tasks_[id.index]->deadline;
}

std::vector<Scheduler::Waiting> Scheduler::waiting() const {
  std::vector<Waiting> found;
  for (std::size_t index = 0; index < tasks_.size(); ++index) {
    const Task& task = *tasks_[index];
    if (!task.alive || !task.suspended) continue;
    found.push_back({.id = std::to_string(index) + '.' + std::to_string(task.generation),
                     .name = task.name,
                     .place = where(task.coroutine, engine_level(task.coroutine) + 1)});
  }
  return found;
}

// One timer serves all tasks: deadlines are far and nearly always missed, so it is moved only when
// an earlier one comes up.
void Scheduler::watch_deadline(const Task& task) {
  if (task.deadline == TimePoint::max() || task.deadline >= timer_at_ || task.cancelled) return;
  if (!timer_) timer_ = std::make_unique<loop::Timer>(vm_.loop);
  timer_at_ = task.deadline;
  const auto delay = std::chrono::ceil<Milliseconds>(timer_at_ - vm_.loop.now());
  timer_->start(std::max(delay, Milliseconds(0)), [this] { sweep_deadlines(); });
}

void Scheduler::sweep_deadlines() {
  timer_at_ = TimePoint::max();
  const TimePoint now = vm_.loop.now();
  for (std::uint32_t index = 0; index < tasks_.size(); ++index) {
    const Task& task = *tasks_[index];
    if (!task.alive || !task.suspended || task.cancelled) continue;
    if (task.deadline <= now) {
      cancel({index, task.generation}, Errc::timeout);
    } else {
      watch_deadline(task);
    }
  }
}

}  // namespace engine::script
