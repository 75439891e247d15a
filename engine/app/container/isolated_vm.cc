#include "app/container/isolated_vm.hh"

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

Result<std::string> take_text(script::Outcome& outcome) {
  if (!outcome.status) return fail(std::move(outcome.status).error());
  const int first = lua_gettop(outcome.state) - outcome.results + 1;
  if (outcome.results == 0) return std::string("null");
  if (!lua_isnil(outcome.state, first)) return script::to_json(outcome.state, first);
  if (outcome.results < 2 || lua_isnil(outcome.state, first + 1)) return std::string("null");
  return fail(script::to_error(outcome.state, first + 1));
}

}  // namespace

IsolatedVm::IsolatedVm(loop::Loop& loop,
                       bindings::IsolatedCall on_call,
                       Completion<std::string> done)
    : loop_(loop), caller_{std::move(on_call)}, done_(std::move(done)) {
  services_.add(caller_);
}

void IsolatedVm::run(loop::Loop& loop,
                     std::shared_ptr<const script::Snapshot> scripts,
                     bindings::IsolatedRun run,
                     Completion<std::string> done) {
  std::shared_ptr<IsolatedVm> self(new IsolatedVm(loop, std::move(run.on_call), std::move(done)));
  loop.post([self, scripts = std::move(scripts), run = std::move(run)]() mutable {
    if (auto begun = self->begin(std::move(scripts), run); !begun) {
      self->finish(fail(std::move(begun).error()));
    }
  });
}

Result<> IsolatedVm::begin(std::shared_ptr<const script::Snapshot> scripts,
                           const bindings::IsolatedRun& run) {
  TRY_ASSIGN(vm_,
             script::Vm::create(loop_,
                                services_,
                                kModules,
                                {.name = "isolated",
                                 .memory_limit = run.memory_limit,
                                 .jit = false,
                                 .trusted = false,
                                 .scripts = std::move(scripts)}));
  TRY_ASSIGN(const script::Ref module, vm_->require(run.module));
  module.push(vm_->state());
  lua_getfield(vm_->state(), -1, "run");
  const script::Ref function = script::Ref::pop(vm_->state());
  lua_pop(vm_->state(), 1);
  vm_->spawn(
      function,
      [&](lua_State* state) {
        if (!script::push_json(state, run.input)) lua_pushnil(state);
        return 1;
      },
      {.deadline = run.deadline},
      [self = shared_from_this()](script::Outcome outcome) { self->finish(take_text(outcome)); },
      "isolated");
  return {};
}

// The state must not be closed from inside its own task: a turn later.
void IsolatedVm::finish(Result<std::string> result) {
  loop_.post([self = shared_from_this(), result = std::move(result)]() mutable {
    self->vm_.reset();
    if (auto done = std::exchange(self->done_, {})) done(std::move(result));
  });
}

}  // namespace engine::app
