#include "app/daemon/debug_desk.hh"

#include "script/convert.hh"

#include <charconv>
#include <utility>

namespace engine::app {
namespace {

constexpr std::string_view kControl = "control";
constexpr std::string_view kWorker = "worker:";

/// Gives `result` to `done` on `back`.
template <typename T>
void deliver(loop::Loop& back, Completion<T> done, Result<T> result) {
  back.post(
      [done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
}

/// What the task is to tell: {generation, result}.
Result<std::string> answer_of(const script::Outcome& outcome, std::uint64_t generation) {
  if (!outcome.status) return fail(outcome.status.error());
  const int first = lua_gettop(outcome.state) - outcome.results + 1;
  if (outcome.results >= 2 && lua_isnil(outcome.state, first)) {
    return fail(script::to_error(outcome.state, first + 1));
  }
  std::string result = "null";
  if (outcome.results > 0) {
    TRY_ASSIGN(result, script::to_json(outcome.state, first));
  }
  return "{\"generation\":" + std::to_string(generation) + ",\"result\":" + result + '}';
}

Result<script::Ref> find_function(script::Vm& vm, const bindings::DebugHost::Run& run) {
  TRY_ASSIGN(const script::Ref module, vm.require(run.module));
  lua_State* state = vm.state();
  module.push(state);
  script::Ref function;
  if (lua_istable(state, -1)) {
    lua_getfield(state, -1, run.function.c_str());
    if (lua_isfunction(state, -1)) {
      function = script::Ref::pop(state);
    } else {
      lua_pop(state, 1);
    }
  }
  lua_pop(state, 1);
  if (!function) return fail(Errc::not_found, run.module + " has no function " + run.function);
  return function;
}

/// On the thread of `on`.
void run_here(ScriptLoop& on,
              const bindings::DebugHost::Run& run,
              UniqueFunction<void(Result<std::string>)> done) {
  LoadedVm* loaded = on.current();
  if (loaded == nullptr) return done(fail(Errc::uninitialized, "the scripts are not loaded yet"));
  auto function = find_function(*loaded->vm, run);
  if (!function) return done(fail(std::move(function).error()));
  loaded->vm->spawn(
      *function,
      [&run](lua_State* state) {
        const auto pushed = script::push_json(state, run.argument);
        if (!pushed) lua_pushnil(state);
        return 1;
      },
      {.deadline = run.deadline, .slice = run.slice, .owner = run.connection},
      [done = std::move(done), generation = loaded->generation->id](
          const script::Outcome& outcome) mutable { done(answer_of(outcome, generation)); },
      run.function);
}

}  // namespace

DebugDesk::DebugDesk(Loops loops, Tracer& tracer) : loops_(std::move(loops)), tracer_(tracer) {}

json::Value DebugDesk::vms() {
  json::Array names{json::Value(kControl)};
  for (std::size_t i = 1; i <= loops_.workers.size(); ++i)
    names.emplace_back(std::string(kWorker) + std::to_string(i));
  return names;
}

ScriptLoop* DebugDesk::find(const std::string& vm) const {
  if (vm == kControl) return &loops_.control;
  if (!vm.starts_with(kWorker)) return nullptr;
  std::size_t number = 0;
  const char* const end = vm.data() + vm.size();
  const auto read = std::from_chars(vm.data() + kWorker.size(), end, number);
  if (read.ec != std::errc() || read.ptr != end) return nullptr;
  return number >= 1 && number <= loops_.workers.size() ? loops_.workers[number - 1] : nullptr;
}

void DebugDesk::run(Run run, loop::Loop& back, Completion<std::string> done) {
  ScriptLoop* const on = find(run.vm);
  if (on == nullptr) {
    std::string known = "control";
    for (std::size_t i = 1; i <= loops_.workers.size(); ++i)
      known += ", worker:" + std::to_string(i);
    return deliver<std::string>(back,
                                std::move(done),
                                fail(Error{.code = Errc::not_found,
                                           .message = "there is no VM '" + run.vm + "'",
                                           .hint = "one of " + known}));
  }
  on->enter();
  on->loop().post([on, run = std::move(run), &back, done = std::move(done)]() mutable {
    run_here(*on, run, [on, &back, done = std::move(done)](Result<std::string> result) mutable {
      on->leave();
      deliver(back, std::move(done), std::move(result));
    });
  });
}

/// One profile under way. Touched by the control loop only, once begun.
struct DebugDesk::Sampling {
  std::vector<ScriptLoop*> loops;
  std::vector<script::Profiler::Profile> profiles;
  std::size_t pending = 0;
  loop::Loop* back = nullptr;
  Completion<json::Value> done;
  std::unique_ptr<loop::Timer> timer;
};

DebugDesk::End DebugDesk::profile(Milliseconds length,
                                  unsigned hertz,
                                  loop::Loop& back,
                                  Completion<json::Value> done) {
  if (sampling_.exchange(true)) {
    deliver<json::Value>(back, std::move(done), fail(Errc::busy, "another profile is being taken"));
    return {};
  }
  auto sampling = std::make_shared<Sampling>();
  sampling->back = &back;
  sampling->done = std::move(done);
  sampling->loops = loops_.workers;
  sampling->loops.insert(sampling->loops.begin(), &loops_.control);
  for (ScriptLoop* member : loops_.pool.loops())
    sampling->loops.push_back(member);
  sampling->profiles.resize(sampling->loops.size());
  sampling->pending = sampling->loops.size();
  loops_.control.loop().post([this, sampling, length, hertz] {
    for (ScriptLoop* each : sampling->loops) {
      each->loop().post([hertz] { static_cast<void>(script::Profiler::start(hertz)); });
    }
    sampling->timer = std::make_unique<loop::Timer>(loops_.control.loop());
    sampling->timer->start(length, [this, sampling] { collect(sampling); });
  });
  return [this, begun = std::weak_ptr(sampling)] {
    loops_.control.loop().post([this, begun] {
      const auto still = begun.lock();
      if (still != nullptr && still->timer != nullptr) collect(still);
    });
  };
}

void DebugDesk::collect(const std::shared_ptr<Sampling>& sampling) {
  sampling->timer.reset();
  for (std::size_t i = 0; i < sampling->loops.size(); ++i) {
    sampling->loops[i]->loop().post([this, sampling, i] {
      loops_.control.loop().post([this, sampling, i, profile = script::Profiler::stop()]() mutable {
        sampling->profiles[i] = std::move(profile);
        if (--sampling->pending > 0) return;
        json::Array vms;
        for (std::size_t each = 0; each < sampling->loops.size(); ++each) {
          const auto& taken = sampling->profiles[each];
          json::Object stacks;
          for (const auto& [stack, count] : taken.stacks)
            stacks.emplace(stack, json::Value(count));
          vms.emplace_back(json::Object{{"name", sampling->loops[each]->loop().name()},
                                        {"samples", taken.samples},
                                        {"stacks", std::move(stacks)}});
        }
        sampling_ = false;
        deliver<json::Value>(*sampling->back,
                             std::move(sampling->done),
                             json::Value(json::Object{{"vms", std::move(vms)}}));
      });
    });
  }
}

DebugDesk::End DebugDesk::trace(std::string method,
                                std::size_t count,
                                Milliseconds length,
                                loop::Loop& back,
                                Completion<json::Value> done) {
  auto kept = std::make_shared<Completion<json::Value>>(std::move(done));
  auto timer = std::make_shared<std::unique_ptr<loop::Timer>>();
  loop::Loop& control = loops_.control.loop();
  const auto begun =
      tracer_.begin(std::move(method), count, [&control, &back, kept, timer](json::Value calls) {
        control.post([timer] { timer->reset(); });
        deliver<json::Value>(back, std::move(*kept), std::move(calls));
      });
  if (!begun) {
    deliver<json::Value>(back, std::move(*kept), fail(begun.error()));
    return {};
  }
  control.post([this, &control, timer, kept, length] {
    *timer = std::make_unique<loop::Timer>(control);
    (*timer)->start(length, [this] { tracer_.finish(); });
  });
  return [this, &control, timer] {
    control.post([this, timer] {
      if (*timer != nullptr) tracer_.finish();
    });
  };
}

}  // namespace engine::app
