#include "base/defer.hh"
#include "base/nearest.hh"
#include "script/thunk.hh"
#include "script/vm_impl.hh"

#include <fmt/format.h>

#include <algorithm>

namespace engine::script {
namespace {

constexpr const char* kLoaded = "engine.loaded";

/// Pushes the message with file and line of the caller in front; with the file alone where a tail
/// call left no line. [-0, +1]
void push_located(lua_State* state, const Vm::Impl& vm, const std::string& message) {
  luaL_where(state, 1);
  const Snapshot* scripts = vm.options.scripts.get();
  if (check_string(state, -1).empty() && scripts != nullptr && !vm.loading.empty()) {
    const Snapshot::File* file = scripts->find(vm.loading.back());
    if (file != nullptr) {
      push_string(state, file->name + ": ");
      lua_replace(state, -2);
    }
  }
  push_string(state, message);
  lua_concat(state, 2);
}

std::string cycle_message(const std::vector<std::string>& loading, std::string_view name) {
  std::string chain;
  const auto first = std::ranges::find(loading, name);
  for (auto at = first; at != loading.end(); ++at)
    chain += *at + " → ";
  return fmt::format("module cycle: {}{}", chain, name);
}

std::string missing_message(const Vm::Impl& vm, std::string_view name) {
  std::vector<std::string> known;
  if (name.starts_with("engine.")) {
    for (const Module& module : vm.modules)
      known.emplace_back(module.name);
    const auto meant = nearest(name, known);
    return fmt::format(
        "module '{}' is not offered by this program ({}{})",
        name,
        meant           ? "did you mean "
        : known.empty() ? "none is"
                        : "it offers ",
        meant ? fmt::format("'{}'?", *meant) : fmt::to_string(fmt::join(known, ", ")));
  }
  std::string path(name);
  std::ranges::replace(path, '.', '/');
  if (const Snapshot* scripts = vm.options.scripts.get()) {
    for (const auto& [module, file] : scripts->files())
      known.push_back(module);
  }
  const auto meant = nearest(name, known);
  return fmt::format("module '{}' not found: no {}.lua and no {}/init.lua among the scripts{}",
                     name,
                     path,
                     path,
                     meant ? fmt::format(" (did you mean '{}'?)", *meant) : "");
}

/// Pushes the chunk that was compiled earlier, if there is one and it is LuaJIT's.
bool push_compiled(lua_State* state, const Snapshot& scripts, const Snapshot::File& file) {
  const std::string_view code = scripts.code(file);
  if (code.empty()) return false;
  const std::string chunk = '@' + file.name;
  if (luaL_loadbufferx(state, code.data(), code.size(), chunk.c_str(), "b") == 0) return true;
  lua_pop(state, 1);
  return false;
}

/// Pushes the function that makes the module, or the message why there is none (false).
bool push_maker(lua_State* state, const Vm::Impl& vm, std::string_view name) {
  const auto made = std::ranges::find(vm.modules, name, &Module::name);
  if (made != vm.modules.end()) {
    lua_pushcfunction(state, made->open);
    return true;
  }
  const Snapshot* scripts = vm.options.scripts.get();
  const Snapshot::File* file = scripts == nullptr ? nullptr : scripts->entry(name);
  if (file != nullptr && vm.options.trusted && push_compiled(state, *scripts, *file)) return true;
  file = scripts == nullptr ? nullptr : scripts->find(name);
  if (file == nullptr) {
    push_located(state, vm, missing_message(vm, name));
    return false;
  }
  return load_chunk(state, file->source, file->name) == 0;
}

int script_require(lua_State* state) {
  return require(state, check_string(state, 1));
}

}  // namespace

int require(lua_State* state, std::string_view name) {
  luaL_checkstack(state, 8, "too many nested modules");
  lua_getfield(state, LUA_REGISTRYINDEX, kLoaded);
  const int loaded = lua_gettop(state);
  push_string(state, name);
  lua_rawget(state, loaded);
  if (!lua_isnil(state, -1)) return 1;
  Vm::Impl& vm = Vm::of(state).impl();
  if (std::ranges::find(vm.loading, name) != vm.loading.end()) {
    push_located(state, vm, cycle_message(vm.loading, name));
    return lua_error(state);
  }
  if (!push_maker(state, vm, name)) return lua_error(state);
  vm.loading.emplace_back(name);
  // Lua errors run destructors here (x86-64; the boundary suite watches it).
  const Defer loaded_or_failed([&vm] { vm.loading.pop_back(); });
  push_string(state, name);
  lua_call(state, 1, 1);
  if (lua_isnil(state, -1)) {
    lua_pop(state, 1);
    lua_pushboolean(state, 1);
  }
  push_string(state, name);
  lua_pushvalue(state, -2);
  lua_rawset(state, loaded);
  return 1;
}

void push_loaded(lua_State* state) {
  lua_getfield(state, LUA_REGISTRYINDEX, kLoaded);
}

void open_loader(lua_State* state) {
  lua_newtable(state);
  lua_setfield(state, LUA_REGISTRYINDEX, kLoaded);
  lua_register(state, "require", thunk<script_require>);
}

}  // namespace engine::script
