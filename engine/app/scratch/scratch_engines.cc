#include "app/scratch/scratch_engines.hh"

#include "app/modules.hh"
#include "app/scratch/spec_engine.hh"
#include "base/file.hh"
#include "script/convert.hh"
#include "script/live.hh"

namespace engine::app {
namespace {

constexpr script::Limits kLimits{.deadline = Milliseconds(60'000), .slice = Milliseconds(60'000)};

/// Runs `core.script.problems` over the scripts.
Result<json::Value> find_problems(const ScriptPackage& package,
                                  std::shared_ptr<const script::Snapshot> scripts) {
  loop::Loop loop("scratch");
  const script::Services services;
  TRY_ASSIGN(
      const auto vm,
      script::Vm::create(
          loop, services, host_modules(), {.name = "scratch", .scripts = std::move(scripts)}));
  TRY_ASSIGN(const script::Ref find,
             vm->compile("return require('core.script.problems').find(...)", "moon-cli"));
  Result<json::Value> report = fail(Errc::internal, "core.script.problems gave nothing");
  vm->call(
      find,
      [&](lua_State* state) {
        lua_newtable(state);
        for (const auto& [context, module] : package.trees) {
          script::push_string(state, module);
          lua_setfield(state, -2, context.c_str());
        }
        script::push_string(state, package.control);
        return 2;
      },
      kLimits,
      [&report](const script::Outcome& outcome) {
        if (!outcome.status) {
          report = fail(outcome.status.error());
        } else if (outcome.results > 0) {
          report = script::to_value(outcome.state, -outcome.results);
        }
      });
  return report;
}

}  // namespace

Result<json::Value> ScratchEngines::check(const Roots& roots) {
  TRY_ASSIGN(const ScriptPackage package, read_package(roots.overlay, roots.shipped));
  TRY_ASSIGN(auto scripts, script::Snapshot::read(package.roots));
  return find_problems(package, std::move(scripts));
}

Result<std::shared_ptr<const Generation>> ScratchEngines::load(const Roots& roots) {
  const std::lock_guard lock(mutex_);
  GenerationPtr& known = loaded_[roots.overlay.string() + '\n' + roots.shipped.string()];
  if (!known) {
    const script::Services services;
    LoadReport report;
    TRY_ASSIGN(known,
               load_generation(
                   {.id = 1, .overlay = roots.overlay, .shipped = roots.shipped, .before = nullptr},
                   services,
                   host_modules(),
                   report));
  }
  return known;
}

Result<json::Value> ScratchEngines::run(const Spec& spec) {
  TRY_ASSIGN(const std::string source, read_file(spec.file));
  TRY_ASSIGN(auto generation, load(spec.roots));
  const script::Live before = script::live();
  Result<json::Value> report = json::Value();
  {
    TRY_ASSIGN(const auto engine, SpecEngine::open(std::move(generation)));
    report = engine->run(spec, source);
  }
  if (script::live() != before) return fail(Errc::internal, "the engine of the spec leaks");
  return report;
}

}  // namespace engine::app
