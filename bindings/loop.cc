#include "loop/loop.hh"

#include "base/log.hh"
#include "bindings/loop_channel.hh"
#include "bindings/modules.hh"
#include "script/object.hh"
#include "script/task.hh"
#include "script/thunk.hh"
#include "script/traceback.hh"

#include <cmath>

namespace engine::bindings {
namespace {

using script::Limits;
using script::Outcome;
using script::Ref;
using script::Resumer;
using script::Vm;

/// Tasks of scripts that one VM may have at a time: each costs some kilobytes beside the VM's heap.
constexpr std::size_t kMostTasks = 10'000;

/// A task's place among them.
class Place {
 public:
  explicit Place(std::shared_ptr<std::size_t> taken) : taken_(std::move(taken)) { ++*taken_; }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() { --*taken_; }

 private:
  std::shared_ptr<std::size_t> taken_;
};

/// A task that a script started, as the script sees it.
struct SpawnedTask {
  static constexpr const char* kLuaName = "engine.loop.Task";

  std::unique_ptr<Place> place;  ///< until it has ended
  std::string name;
  std::string author;     ///< of the task that spawned it
  std::string call_name;  ///< the same
  Limits limits;
  Ref body;     ///< {function, arguments…}, until it begins
  Ref results;  ///< {n =, …} of a task that ended well
  script::TaskId id;
  bool began = false;
  bool ended = false;
  bool cancelled = false;
  Error error;  ///< when it ended otherwise
  bool failed = false;
  std::vector<Resumer> waiters;
};
using Handle = std::shared_ptr<SpawnedTask>;

Milliseconds check_delay(lua_State* state, int index) {
  const double seconds = luaL_checknumber(state, index);
  if (!(seconds >= 0 && seconds < 1e9)) luaL_argerror(state, index, "seconds expected");
  return Milliseconds(static_cast<std::int64_t>(std::ceil(seconds * 1000)));
}

/// Pushes the results of an ended task, or `nil, err`.
int push_outcome(lua_State* state, const SpawnedTask& task) {
  if (task.failed) return script::push_failure(state, task.error);
  task.results.push(state);
  const int table = lua_gettop(state);
  lua_getfield(state, table, "n");
  const int count = static_cast<int>(lua_tointeger(state, -1));
  luaL_checkstack(state, count + 2, "too many results");
  for (int i = 1; i <= count; ++i)
    lua_rawgeti(state, table, i);
  return count;
}

void keep_results(SpawnedTask& task, const Outcome& outcome) {
  lua_State* state = outcome.state;
  const int first = lua_gettop(state) - outcome.results + 1;
  lua_createtable(state, outcome.results, 1);
  for (int i = 0; i < outcome.results; ++i) {
    lua_pushvalue(state, first + i);
    lua_rawseti(state, -2, i + 1);
  }
  lua_pushinteger(state, outcome.results);
  lua_setfield(state, -2, "n");
  task.results = Ref::pop(state);
}

void on_end(const Handle& task, const Outcome& outcome) {
  task->ended = true;
  task->place.reset();
  if (outcome.status) {
    keep_results(*task, outcome);
  } else {
    task->failed = true;
    task->error = outcome.status.error();
    // Nobody waits: it would otherwise be lost.
    if (task->waiters.empty() && !task->cancelled) {
      log::error("script",
                 "task '" + task->name + "' failed: " + task->error.message,
                 {{"traceback", task->error.debug}});
    }
  }
  for (Resumer& waiter : std::exchange(task->waiters, {})) {
    waiter.resume([task](lua_State* state) { return push_outcome(state, *task); });
  }
}

void begin(Vm& vm, const Handle& task) {
  task->began = true;
  if (task->cancelled) {
    on_end(task, {.status = fail(Errc::cancelled, "the task was cancelled before it began")});
    return;
  }
  // The function is pushed with its arguments behind it: a spawn of "call what is in the list".
  lua_State* state = vm.state();
  task->body.push(state);
  lua_rawgeti(state, -1, 1);
  const Ref function = Ref::pop(state);
  lua_pop(state, 1);
  auto arguments = [body = std::move(task->body)](lua_State* on) {
    body.push(on);
    const int list = lua_gettop(on);
    lua_getfield(on, list, "n");
    const int count = static_cast<int>(lua_tointeger(on, -1));
    lua_pop(on, 1);
    luaL_checkstack(on, count + 1, "too many arguments");
    for (int i = 2; i <= count; ++i)
      lua_rawgeti(on, list, i);
    lua_remove(on, list);
    return count - 1;
  };
  vm.author_next(task->author);
  vm.call_name_next(task->call_name);
  const auto id = vm.spawn(
      function,
      std::move(arguments),
      task->limits,
      [task](Outcome outcome) { on_end(task, outcome); },
      task->name);
  task->id = id;
}

/// loop.sleep(seconds) → true | nil, err   *async*
int loop_sleep(lua_State* state) {
  const Milliseconds delay = check_delay(state, 1);
  return script::suspend(state, [&](Resumer resumer) -> script::Cancel {
    auto timer = std::make_shared<loop::Timer>(Vm::of(state).loop());
    timer->start(delay, [timer, resumer = std::move(resumer)]() mutable {
      resumer.resume([](lua_State* on) {
        lua_pushboolean(on, 1);
        return 1;
      });
    });
    return [timer] { timer->cancel(); };
  });
}

/// Takes the options of loop.spawn from the table at `index`, if there is one.
void read_options(lua_State* state, int index, SpawnedTask& task) {
  task.name = script::field_string(state, index, "name").value_or("task");
  task.limits.deadline = script::kForever;
  if (const auto seconds = script::field_number(state, index, "deadline")) {
    task.limits.deadline = Milliseconds(static_cast<std::int64_t>(*seconds * 1000));
  }
  if (const auto seconds = script::field_number(state, index, "slice")) {
    task.limits.slice = Milliseconds(static_cast<std::int64_t>(*seconds * 1000));
  }
}

int refuse_task(lua_State* state) {
  script::push_error(state,
                     {.code = Errc::busy,
                      .message = script::where(state, 1) + ": " + std::to_string(kMostTasks) +
                                 " tasks run already",
                      .hint = "wait for some with task:join() before you start more"});
  return lua_error(state);
}

/// loop.spawn(fn, opts?, …) → task. Begins in the next turn of the loop.
int loop_spawn(lua_State* state) {
  luaL_checktype(state, 1, LUA_TFUNCTION);
  if (*Vm::of(state).spawned() >= kMostTasks) refuse_task(state);
  auto task = std::make_shared<SpawnedTask>();
  task->place = std::make_unique<Place>(Vm::of(state).spawned());
  read_options(state, 2, *task);
  task->author = script::task_author(state);
  task->call_name = script::task_call_name(state);
  const int count = std::max(lua_gettop(state), 2);
  lua_settop(state, count);
  lua_createtable(state, count, 1);
  lua_pushvalue(state, 1);
  lua_rawseti(state, -2, 1);
  for (int i = 3; i <= count; ++i) {
    lua_pushvalue(state, i);
    lua_rawseti(state, -2, i - 1);
  }
  lua_pushinteger(state, count - 1);
  lua_setfield(state, -2, "n");
  task->body = Ref::pop(state);
  Vm& vm = Vm::of(state);
  vm.loop().post([weak = vm.watch(), task] {
    if (const auto alive = weak.lock()) begin(**alive, task);
  });
  script::push_object(state, task);
  return 1;
}

/// task:cancel()
int task_cancel(lua_State* state) {
  const Handle task = script::check_object<SpawnedTask>(state, 1);
  task->cancelled = true;
  if (task->began) Vm::of(state).cancel(task->id);
  return 0;
}

/// task:join() → its results | nil, err   *async*
int task_join(lua_State* state) {
  const Handle task = script::check_object<SpawnedTask>(state, 1);
  if (task->ended) return push_outcome(state, *task);
  return script::suspend(state, [&task](Resumer resumer) -> script::Cancel {
    task->waiters.push_back(std::move(resumer));
    return {};
  });
}

/// task:status() → 'waiting' | 'running' | 'ended' | 'failed'
int task_status(lua_State* state) {
  const Handle task = script::check_object<SpawnedTask>(state, 1);
  const char* status =
      task->ended ? (task->failed ? "failed" : "ended") : (task->began ? "running" : "waiting");
  lua_pushstring(state, status);
  return 1;
}

/// loop.now() → seconds on the monotonic clock
int loop_now(lua_State* state) {
  const TimePoint now = Vm::of(state).loop().now();
  lua_pushnumber(state, std::chrono::duration<double>(now.time_since_epoch()).count());
  return 1;
}

/// loop.time() → seconds since 1970
int loop_time(lua_State* state) {
  // Where tests move the loop's time on, the calendar goes with it.
  const loop::Loop& loop = Vm::of(state).loop();
  const auto moved = loop.time_is_stopped() ? loop.now() - Clock::now() : Clock::duration(0);
  const auto now = std::chrono::system_clock::now().time_since_epoch() + moved;
  lua_pushnumber(state, std::chrono::duration<double>(now).count());
  return 1;
}

/// loop.deadline() → seconds | nothing
int loop_deadline(lua_State* state) {
  const TimePoint end = script::task_deadline(state);
  if (end == TimePoint::max()) return 0;
  const std::chrono::duration<double> left = end - Vm::of(state).loop().now();
  lua_pushnumber(state, std::max(left.count(), 0.0));
  return 1;
}

constexpr luaL_Reg kTaskMethods[] = {{"cancel", script::thunk<task_cancel>},
                                     {"join", script::thunk<task_join>},
                                     {"status", script::thunk<task_status>},
                                     {nullptr, nullptr}};

constexpr luaL_Reg kFunctions[] = {{"sleep", script::thunk<loop_sleep>},
                                   {"spawn", script::thunk<loop_spawn>},
                                   {"now", script::thunk<loop_now>},
                                   {"time", script::thunk<loop_time>},
                                   {"deadline", script::thunk<loop_deadline>},
                                   {nullptr, nullptr}};

}  // namespace

int open_loop(lua_State* state) {
  script::define_class<SpawnedTask>(state, kTaskMethods);
  luaL_newlib(state, kFunctions);
  add_channel(state);
  return 1;
}

}  // namespace engine::bindings
