#include "app/daemon/migrate.hh"

#include "app/modules.hh"
#include "json/reader.hh"
#include "json/writer.hh"
#include "script/convert.hh"
#include "script/vm.hh"

#include <optional>

namespace engine::app {
namespace {

constexpr std::string_view kFolder = "store.migrations.";
/// A migration may compute this long without waiting.
constexpr Milliseconds kSlice{300'000};

std::int64_t count_migrations(const script::Snapshot& scripts) {
  std::int64_t count = 0;
  for (const auto& [module, file] : scripts.files())
    count += module.starts_with(kFolder) ? 1 : 0;
  return count;
}

Result<> outcome_of(const script::Outcome& outcome) {
  if (!outcome.status) return fail(outcome.status.error());
  const int first = lua_gettop(outcome.state) - outcome.results + 1;
  const bool failed = outcome.results >= 2 && lua_isnil(outcome.state, first);
  if (failed) return fail(script::to_error(outcome.state, first + 1));
  return {};
}

Result<> run(script::Vm& vm, const std::filesystem::path& directory, bool try_only) {
  TRY_ASSIGN(const script::Ref function,
             vm.compile("return require('store.migrate').run(...)", "moond"));
  std::optional<Result<>> done;
  vm.spawn(
      function,
      [&](lua_State* state) {
        lua_createtable(state, 0, 2);
        script::push_string(state, directory.native());
        lua_setfield(state, -2, "directory");
        lua_pushboolean(state, try_only ? 1 : 0);
        lua_setfield(state, -2, "try");
        return 1;
      },
      {.deadline = script::kForever, .slice = kSlice},
      [&](const script::Outcome& outcome) {
        done = outcome_of(outcome);
        vm.loop().stop();
      },
      "migrate");
  while (!done)
    vm.loop().run();
  return *done;
}

}  // namespace

std::string newest_schema(const script::Snapshot& scripts) {
  return json::write(
      json::Object{{"version", count_migrations(scripts)}, {"applied", json::Array{}}});
}

Result<> migrate(store::Store& store,
                 std::shared_ptr<const script::Snapshot> scripts,
                 const std::filesystem::path& directory,
                 bool try_only) {
  TRY_ASSIGN(const std::string schema, store.schema());
  std::int64_t version = 0;
  if (!schema.empty()) {
    TRY_ASSIGN(const json::Value stored, json::parse(schema));
    version = stored.integer_or("version", 0);
  }
  if (version == count_migrations(*scripts)) return {};
  loop::Loop loop("migrate");
  script::Services services;
  services.add<store::Store>(store);
  TRY_ASSIGN(
      const auto vm,
      script::Vm::create(
          loop, services, host_modules(), {.name = "migrate", .scripts = std::move(scripts)}));
  return run(*vm, directory, try_only);
}

}  // namespace engine::app
