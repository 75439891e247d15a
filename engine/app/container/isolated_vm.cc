#include "app/container/isolated_vm.hh"

#include "bindings/container_host.hh"
#include "bindings/modules.hh"
#include "script/convert.hh"

#include <array>
#include <utility>

namespace engine::app {
namespace {

constexpr std::array kModules = {
    script::Module{"engine.errc", bindings::open_errc},
    script::Module{"engine.isolated", bindings::open_isolated},
    script::Module{"engine.json", bindings::open_json},
};

/// Kept by what is under way: its first turn, its task, its last turn.
struct IsolatedVm {
  IsolatedVm(loop::Loop& on, bindings::IsolatedCall on_call, Completion<std::string> completion)
      : loop(on), caller{std::move(on_call)}, done(std::move(completion)) {
    services.add(caller);
  }

  loop::Loop& loop;
  bindings::IsolatedCaller caller;
  script::Services services;
  std::unique_ptr<script::Vm> vm;
  Completion<std::string> done;
};
using Isolated = std::shared_ptr<IsolatedVm>;

// The state must not be closed from inside its own task: a turn later.
void finish(const Isolated& isolated, Result<std::string> result) {
  isolated->loop.post([isolated, result = std::move(result)]() mutable {
    isolated->vm.reset();
    if (auto done = std::exchange(isolated->done, {})) done(std::move(result));
  });
}

Result<> begin(const Isolated& isolated,
               std::shared_ptr<const script::Snapshot> scripts,
               const bindings::IsolatedRun& run) {
  TRY_ASSIGN(isolated->vm,
             script::Vm::create(isolated->loop,
                                isolated->services,
                                kModules,
                                {.name = "isolated",
                                 .memory_limit = run.memory_limit,
                                 .jit = false,
                                 .trusted = false,
                                 .scripts = std::move(scripts)}));
  script::Vm& vm = *isolated->vm;
  TRY_ASSIGN(const script::Ref module, vm.require(run.module));
  module.push(vm.state());
  lua_getfield(vm.state(), -1, "run");
  const script::Ref function = script::Ref::pop(vm.state());
  lua_pop(vm.state(), 1);
  vm.spawn(
      function,
      [&](lua_State* state) {
        if (!script::push_json(state, run.input)) lua_pushnil(state);
        return 1;
      },
      {.deadline = run.deadline},
      [isolated](script::Outcome outcome) { finish(isolated, bindings::take_text(outcome)); },
      "isolated");
  return {};
}

}  // namespace

void run_isolated(loop::Loop& loop,
                  std::shared_ptr<const script::Snapshot> scripts,
                  bindings::IsolatedRun run,
                  Completion<std::string> done) {
  auto isolated = std::make_shared<IsolatedVm>(loop, std::move(run.on_call), std::move(done));
  loop.post([isolated, scripts = std::move(scripts), run = std::move(run)]() mutable {
    if (auto begun = begin(isolated, std::move(scripts), run); !begun) {
      finish(isolated, fail(std::move(begun).error()));
    }
  });
}

}  // namespace engine::app
