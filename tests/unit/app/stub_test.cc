#include "app/modules.hh"
#include "base/file.hh"
#include "bindings/modules.hh"

#include "unit/script/script_fixture.hh"

#include <filesystem>
#include <map>
#include <regex>
#include <set>

namespace engine::app {
namespace {

using Names = std::set<std::string>;
using NamesOf = std::map<std::string, Names>;

/// What scripts see, and what the stubs say they see.
struct Surface {
  NamesOf modules;  ///< "engine.json" → its functions and values
  NamesOf classes;  ///< "engine.json.Value" → its methods
};

std::vector<script::Module> every_module() {
  const auto host = host_modules();
  std::vector<script::Module> all(host.begin(), host.end());
  all.push_back({"engine.container", bindings::open_container});
  all.push_back({"engine.isolated", bindings::open_isolated});
  all.push_back({"engine.ns", bindings::open_ns});
  return all;
}

/// All first groups of `pattern` in `text`.
Names matches(const std::string& text, const std::string& pattern) {
  Names found;
  const std::regex compiled(pattern);
  for (std::sregex_iterator at(text.begin(), text.end(), compiled), end; at != end; ++at)
    found.insert((*at)[1]);
  return found;
}

/// A class that scripts can meet has methods in its stub; one with fields alone describes a table.
void read_classes(const std::string& text, NamesOf& classes) {
  static const std::regex kClass(
      R"(---@class (engine\.\w+\.[A-Z]\w*)[^\n]*\n(?:---[^\n]*\n)*local (\w+) = \{\})");
  for (std::sregex_iterator at(text.begin(), text.end(), kClass), end; at != end; ++at) {
    classes[(*at)[1]] = matches(text, "\nfunction " + (*at)[2].str() + R"([:.](\w+)\()");
  }
}

Surface documented() {
  Surface surface;
  static const std::regex kModule(
      R"(---@meta (engine\.[a-z_]+)\n(?:---@class [\w.]+\n)?local (\w+) = \{\})");
  const std::string folder = std::string(MOONBOX_SOURCE_DIR) + "/bindings/meta";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string text = read_file(entry.path()).value();
    std::smatch module;
    if (!std::regex_search(text, module, kModule)) continue;
    surface.modules[module[1]] =
        matches(text, "\n(?:function )?" + module[2].str() + R"(\.(\w+)(?:\(| = nil))");
    read_classes(text, surface.classes);
  }
  return surface;
}

Names keys_of(lua_State* state, int table) {
  Names names;
  for (lua_pushnil(state); lua_next(state, table) != 0; lua_pop(state, 1)) {
    if (lua_type(state, -2) == LUA_TSTRING) names.insert(lua_tostring(state, -2));
  }
  return names;
}

/// Held by Lua that belongs to the engine; no script ever gets one.
const Names kInternal = {
    "engine.continuation.Waiting", "engine.lxc.Host", "engine.store.Exclusive"};

/// The registry's metatables that have methods. A class of tables, which hold an object and fields
/// beside it, is called as the object's and "Table".
NamesOf classes_of(lua_State* state) {
  NamesOf classes;
  for (lua_pushnil(state); lua_next(state, LUA_REGISTRYINDEX) != 0; lua_pop(state, 1)) {
    const bool named = lua_type(state, -2) == LUA_TSTRING && lua_istable(state, -1);
    std::string name = named ? lua_tostring(state, -2) : "";
    if (!name.starts_with("engine.") || kInternal.contains(name)) continue;
    if (name.ends_with("Table")) name.resize(name.size() - std::string_view("Table").size());
    lua_getfield(state, -1, "__index");
    if (lua_istable(state, -1)) classes[name].merge(keys_of(state, lua_gettop(state)));
    lua_pop(state, 1);
  }
  return classes;
}

Surface opened() {
  const std::vector<script::Module> modules = every_module();
  script::ScriptFixture lua({}, modules);
  Surface surface;
  for (const script::Module& row : modules) {
    INFO(row.name);
    const auto module = lua.vm->require(row.name);
    REQUIRE(module);
    lua_State* const state = lua.vm->state();
    module->push(state);
    surface.modules[row.name] = keys_of(state, lua_gettop(state));
    lua_pop(state, 1);
  }
  surface.classes = classes_of(lua.vm->state());
  return surface;
}

/// Every name of either side, in words that say which side lacks what.
std::vector<std::string> differences(const NamesOf& made, const NamesOf& told) {
  std::vector<std::string> found;
  for (const auto& [owner, names] : made) {
    if (!told.contains(owner)) found.push_back(owner + " has no stub");
    for (const std::string& name : names)
      if (told.contains(owner) && !told.at(owner).contains(name))
        found.push_back(owner + "." + name + " is not in the stub");
  }
  for (const auto& [owner, names] : told) {
    if (!made.contains(owner)) found.push_back(owner + " is only a stub");
    for (const std::string& name : names)
      if (made.contains(owner) && !made.at(owner).contains(name))
        found.push_back(owner + "." + name + " is only in the stub");
  }
  return found;
}

}  // namespace

TEST_CASE("app/stubs: every engine function is documented by its stub, and the other way round",
          "[app][stubs]") {
  const Surface made = opened();
  const Surface told = documented();
  CHECK(made.modules.size() >= 30);
  CHECK(differences(made.modules, told.modules) == std::vector<std::string>());
}

TEST_CASE("app/stubs: every method of a class is documented by its stub, and the other way round",
          "[app][stubs]") {
  const Surface made = opened();
  const Surface told = documented();
  CHECK(made.classes.size() >= 20);
  CHECK(differences(made.classes, told.classes) == std::vector<std::string>());
}

}  // namespace engine::app
