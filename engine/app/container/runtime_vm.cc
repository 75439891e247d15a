#include "app/container/runtime_vm.hh"

#include "bindings/modules.hh"
#include "script/convert.hh"

#include <array>

namespace engine::app {
namespace {

/// Procedures of a package have no limit unless the caller sets one; the slice still holds.
constexpr Milliseconds kNoDeadline = std::chrono::hours(24 * 3650);

constexpr std::array kModules = {
    script::Module{"engine.client", bindings::open_client},
    script::Module{"engine.container", bindings::open_container},
    script::Module{"engine.errc", bindings::open_errc},
    script::Module{"engine.file", bindings::open_file},
    script::Module{"engine.json", bindings::open_json},
    script::Module{"engine.log", bindings::open_log},
    script::Module{"engine.loop", bindings::open_loop},
    script::Module{"engine.module", bindings::open_module},
    script::Module{"engine.ns", bindings::open_ns},
};

/// A field of the module `module`. [-0, +0]
script::Ref field_of(script::Vm& vm, const script::Ref& module, const char* name) {
  lua_State* state = vm.state();
  module.push(state);
  lua_getfield(state, -1, name);
  script::Ref field = script::Ref::pop(state);
  lua_pop(state, 1);
  return field;
}

/// The answer of a runner: a value, or `nil, err`.
Result<std::string> take_answer(script::Outcome& outcome) {
  if (!outcome.status) return fail(std::move(outcome.status).error());
  if (outcome.results == 0) return std::string("null");
  const int first = lua_gettop(outcome.state) - outcome.results + 1;
  if (!lua_isnil(outcome.state, first)) return script::to_json(outcome.state, first);
  if (outcome.results < 2 || lua_isnil(outcome.state, first + 1)) return std::string("null");
  return fail(script::to_error(outcome.state, first + 1));
}

}  // namespace

Result<std::unique_ptr<RuntimeVm>> RuntimeVm::create(loop::Loop& loop,
                                                     const script::Services& services,
                                                     const Options& options) {
  std::unique_ptr<RuntimeVm> runtime(new RuntimeVm);
  TRY_ASSIGN(auto scripts, script::Snapshot::read({options.scripts}));
  TRY_ASSIGN(runtime->vm_,
             script::Vm::create(loop,
                                services,
                                kModules,
                                {.name = "runtime",
                                 .memory_limit = options.memory_limit,
                                 .scripts = std::move(scripts)}));
  TRY_ASSIGN(runtime->boot_, runtime->vm_->require("runtime.boot"));
  TRY(runtime->load_methods());
  return runtime;
}

Result<> RuntimeVm::load_methods() {
  lua_State* state = vm_->state();
  field_of(*vm_, boot_, "methods").push(state);
  auto description = script::to_json(state, -1);
  lua_pop(state, 1);
  if (!description) return fail(std::move(description).error());
  TRY_ASSIGN(table_, rpc::MethodTable::build(*description));
  const script::Ref runners = field_of(*vm_, boot_, "runners");
  for (const rpc::Method& method : table_->methods())
    runners_.push_back(field_of(*vm_, runners, method.name.c_str()));
  return {};
}

void RuntimeVm::collect_garbage() {
  lua_gc(vm_->state(), LUA_GCCOLLECT, 0);
}

const rpc::Method* RuntimeVm::find(std::string_view method) const {
  return table_->find(method);
}

void RuntimeVm::call(const rpc::Method& method,
                     std::string_view params,
                     UniqueFunction<void(Result<std::string>)> reply) {
  auto arguments = [&](lua_State* state) {
    lua_createtable(state, 0, 2);
    script::push_string(state, method.name);
    lua_setfield(state, -2, "path");
    lua_createtable(state, 0, 1);
    script::push_string(state, method.context);
    lua_setfield(state, -2, "name");
    lua_setfield(state, -2, "ctx");
    // The decoder has seen the text already, so it is well-formed.
    if (!script::push_json(state, params, method.raw_params)) lua_newtable(state);
    return 2;
  };
  auto done = [reply = std::move(reply)](script::Outcome outcome) mutable {
    reply(take_answer(outcome));
  };
  vm_->spawn(runners_[method.index],
             std::move(arguments),
             {.deadline = method.deadline},
             std::move(done),
             method.name);
}

void RuntimeVm::run_hook(const char* name, UniqueFunction<void(Result<>)> done) {
  vm_->spawn(
      field_of(*vm_, boot_, name),
      [](lua_State*) { return 0; },
      {.deadline = kNoDeadline},
      [done = std::move(done)](script::Outcome outcome) mutable {
        done(std::move(outcome.status));
      },
      name);
}

}  // namespace engine::app
