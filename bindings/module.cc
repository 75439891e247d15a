#include "base/defer.hh"
#include "bindings/modules.hh"
#include "script/loader.hh"
#include "script/object.hh"
#include "script/snapshot.hh"
#include "script/task.hh"
#include "script/thunk.hh"

#include <algorithm>

namespace engine::bindings {
namespace {

using script::check_string;
using script::push_string;
using script::Ref;
using script::Snapshot;

/// Lua files that are not the program's own: a package's code, with a module cache, an environment
/// and a `require` of its own. What it holds of Lua lies in the environment table of its userdata,
/// {loaded, provided, globals}, so that a tree nobody uses any more is collected with all of it.
struct Tree {
  static constexpr const char* kLuaName = "engine.module.Tree";

  std::shared_ptr<const Snapshot> files;
  std::vector<std::string> allow;
  std::vector<std::string> loading;
};
using Handle = std::shared_ptr<Tree>;

bool is_allowed(const Tree& tree, std::string_view name) {
  return std::ranges::any_of(tree.allow, [name](const std::string& entry) {
    if (!entry.ends_with(".*")) return entry == name;
    return name.starts_with(std::string_view(entry).substr(0, entry.size() - 1));
  });
}

/// Raises with file and line of the caller; with the file alone where a tail call left no line.
int raise(lua_State* state, const Tree& tree, std::string_view message) {
  luaL_where(state, 1);
  if (check_string(state, -1).empty() && !tree.loading.empty()) {
    push_string(state, tree.files->find(tree.loading.back())->name + ": ");
    lua_replace(state, -2);
  }
  push_string(state, message);
  lua_concat(state, 2);
  return lua_error(state);
}

int raise_missing(lua_State* state, const Tree& tree, std::string_view name) {
  std::string path(name);
  std::ranges::replace(path, '.', '/');
  return raise(state,
               tree,
               "module '" + std::string(name) + "' not found: the package has no " + path +
                   ".lua and no " + path +
                   "/init.lua, and it is not a module that packages may "
                   "require");
}

int raise_cycle(lua_State* state, const Tree& tree, std::string_view name) {
  std::string chain;
  for (auto at = std::ranges::find(tree.loading, name); at != tree.loading.end(); ++at)
    chain += *at + " → ";
  return raise(state, tree, "module cycle: " + chain + std::string(name));
}

/// Compiles and runs one file of the tree; `slots` is the index of its environment table. [-0, +1]
void run_file(lua_State* state, Tree& tree, int slots, const Snapshot::File& file) {
  if (script::load_chunk(state, file.source, file.name) != 0) lua_error(state);
  lua_getfield(state, slots, "globals");
  lua_setfenv(state, -2);
  tree.loading.push_back(file.module);
  const Defer done([&tree] { tree.loading.pop_back(); });
  push_string(state, file.module);
  lua_call(state, 1, 1);
  if (lua_isnil(state, -1)) {
    lua_pop(state, 1);
    lua_pushboolean(state, 1);
  }
}

/// Pushes slots[cache][name]. [-0, +1]
bool push_cached(lua_State* state, int slots, const char* cache, std::string_view name) {
  lua_getfield(state, slots, cache);
  push_string(state, name);
  lua_rawget(state, -2);
  lua_remove(state, -2);
  return !lua_isnil(state, -1);
}

/// The `require` of the modules of the tree at `index`. [-0, +1]
int require_in(lua_State* state, int index, std::string_view name) {
  luaL_checkstack(state, 10, "too many nested modules");
  const Handle tree = script::check_object<Tree>(state, index);
  lua_getfenv(state, index);
  const int slots = lua_gettop(state);
  if (push_cached(state, slots, "loaded", name)) return 1;
  if (push_cached(state, slots, "provided", name)) return 1;
  const Snapshot::File* file = tree->files->find(name);
  if (file == nullptr) {
    if (!is_allowed(*tree, name)) return raise_missing(state, *tree, name);
    return script::require(state, name);
  }
  if (std::ranges::find(tree->loading, name) != tree->loading.end()) {
    return raise_cycle(state, *tree, name);
  }
  run_file(state, *tree, slots, *file);
  lua_getfield(state, slots, "loaded");
  push_string(state, name);
  lua_pushvalue(state, -3);
  lua_rawset(state, -3);
  lua_pop(state, 1);
  return 1;
}

/// A package's global `require`; its tree is the upvalue.
int tree_global_require(lua_State* state) {
  const std::string_view name = check_string(state, 1);
  lua_pushvalue(state, lua_upvalueindex(1));
  return require_in(state, lua_gettop(state), name);
}

/// Makes the table on top the globals of the tree at `index`, with a `require` of its own. [-1, +0]
void adopt_globals(lua_State* state, int index) {
  lua_pushliteral(state, "require");
  lua_pushvalue(state, index);
  lua_pushcclosure(state, script::thunk<tree_global_require>, 1);
  lua_rawset(state, -3);
  lua_getfenv(state, index);
  lua_insert(state, -2);
  lua_setfield(state, -2, "globals");
  lua_pop(state, 1);
}

/// Pushes globals that fall back on the VM's own. [-0, +1]
void push_default_globals(lua_State* state) {
  lua_newtable(state);
  lua_createtable(state, 0, 1);
  lua_pushvalue(state, LUA_GLOBALSINDEX);
  lua_setfield(state, -2, "__index");
  lua_setmetatable(state, -2);
}

/// tree:require(name, globals?) → module; raises as require does
int tree_require(lua_State* state) {
  script::check_object<Tree>(state, 1);
  const std::string_view name = check_string(state, 2);
  if (!lua_isnoneornil(state, 3)) luaL_checktype(state, 3, LUA_TTABLE);
  lua_settop(state, 3);
  if (lua_istable(state, 3)) {
    lua_pushvalue(state, 3);
    adopt_globals(state, 1);
  }
  return require_in(state, 1, name);
}

/// Pushes {module, name, path}. [-0, +1]
void push_file(lua_State* state, const Snapshot::File& file) {
  lua_createtable(state, 0, 3);
  push_string(state, file.module);
  lua_setfield(state, -2, "module");
  push_string(state, file.name);
  lua_setfield(state, -2, "name");
  push_string(state, file.path.string());
  lua_setfield(state, -2, "path");
}

/// tree:files() → {module, name, path}[]
int tree_files(lua_State* state) {
  const Handle tree = script::check_object<Tree>(state, 1);
  lua_newtable(state);
  int index = 0;
  for (const auto& [module, file] : tree->files->files()) {
    lua_createtable(state, 0, 3);
    push_string(state, module);
    lua_setfield(state, -2, "module");
    push_string(state, file->name);
    lua_setfield(state, -2, "name");
    push_string(state, file->path.string());
    lua_setfield(state, -2, "path");
    lua_rawseti(state, -2, ++index);
  }
  script::mark_array(state);
  return 1;
}

/// tree:fingerprint() → text that changes when a file does
int tree_fingerprint(lua_State* state) {
  push_string(state, script::check_object<Tree>(state, 1)->files->fingerprint());
  return 1;
}

int push_tree(lua_State* state, Tree&& tree, const Ref& provided) {
  script::push_object(state, std::make_shared<Tree>(std::move(tree)));
  lua_createtable(state, 0, 3);
  lua_newtable(state);
  lua_setfield(state, -2, "loaded");
  provided.push(state);
  if (lua_isnil(state, -1)) {
    lua_pop(state, 1);
    lua_newtable(state);
  }
  lua_setfield(state, -2, "provided");
  lua_setfenv(state, -2);
  const int tree_index = lua_gettop(state);
  push_default_globals(state);
  adopt_globals(state, tree_index);
  return 1;
}

/// module.tree(dirs, opts?) → tree | nil, err   *async*
int module_tree(lua_State* state) {
  std::vector<std::filesystem::path> roots;
  if (lua_type(state, 1) == LUA_TSTRING) {
    roots.emplace_back(check_string(state, 1));
  } else {
    luaL_checktype(state, 1, LUA_TTABLE);
    for (int i = 1; i <= static_cast<int>(lua_objlen(state, 1)); ++i) {
      lua_rawgeti(state, 1, i);
      roots.emplace_back(check_string(state, -1));
      lua_pop(state, 1);
    }
  }
  std::vector<std::string> allow = script::field_strings(state, 2, "allow");
  Ref provided;
  if (lua_istable(state, 2)) {
    lua_getfield(state, 2, "provide");
    if (!lua_isnil(state, -1)) luaL_checktype(state, -1, LUA_TTABLE);
    provided = Ref::pop(state);
  }
  using Files = std::shared_ptr<const Snapshot>;
  return script::offload<Files>(
      state,
      [roots = std::move(roots)] { return Snapshot::read(roots); },
      [allow = std::move(allow), provided = std::move(provided)](lua_State* on, Files&& files) {
        return push_tree(on, {std::move(files), allow, {}}, provided);
      });
}

/// module.eval(source, env?, name?) → function | nil, err
Result<int> module_eval(lua_State* state) {
  const std::string source(check_string(state, 1));
  const std::string name(script::opt_string(state, 3).value_or("eval"));
  if (!lua_isnoneornil(state, 2)) luaL_checktype(state, 2, LUA_TTABLE);
  // An expression first, as every prompt does; the message is that of the statement.
  if (script::load_chunk(state, "return " + source, name) != 0) {
    lua_pop(state, 1);
    if (script::load_chunk(state, source, name) != 0) {
      return fail(script::to_error(state, -1));
    }
  }
  if (lua_istable(state, 2)) {
    lua_pushvalue(state, 2);
    lua_setfenv(state, -2);
  }
  return 1;
}

constexpr luaL_Reg kTreeMethods[] = {{"require", script::thunk<tree_require>},
                                     {"files", script::thunk<tree_files>},
                                     {"fingerprint", script::thunk<tree_fingerprint>},
                                     {nullptr, nullptr}};

/// module.loaded() → {name = module}: a copy
int module_loaded(lua_State* state) {
  lua_newtable(state);
  script::push_loaded(state);
  lua_pushnil(state);
  while (lua_next(state, -2) != 0) {
    lua_pushvalue(state, -2);
    lua_insert(state, -2);
    lua_rawset(state, -5);
  }
  lua_pop(state, 1);
  return 1;
}

/// module.scripts(prefix?) → {module, name, path}[]
int module_scripts(lua_State* state) {
  const std::string prefix(script::opt_string(state, 1).value_or(""));
  lua_newtable(state);
  script::mark_array(state);
  const Snapshot* scripts = script::Vm::of(state).scripts().get();
  if (scripts == nullptr) return 1;
  int index = 0;
  for (auto at = scripts->files().lower_bound(prefix);
       at != scripts->files().end() && at->first.starts_with(prefix);
       ++at) {
    push_file(state, *at->second);
    lua_rawseti(state, -2, ++index);
  }
  return 1;
}

/// module.source(name) → text | nil
int module_source(lua_State* state) {
  const Snapshot* scripts = script::Vm::of(state).scripts().get();
  const Snapshot::File* file = scripts == nullptr ? nullptr : scripts->find(check_string(state, 1));
  if (file == nullptr) return 0;
  push_string(state, file->source);
  return 1;
}

void add_names(lua_State* state, int table, int list) {
  for (lua_pushnil(state); lua_next(state, table) != 0; lua_pop(state, 1)) {
    if (lua_type(state, -2) != LUA_TSTRING) continue;
    lua_pushvalue(state, -2);
    lua_rawseti(state, list, static_cast<int>(lua_objlen(state, list)) + 1);
  }
}

/// module.members(value) → names: of a table its own and those behind `__index`, of an engine
/// object its methods. Calls nothing.
int module_members(lua_State* state) {
  luaL_checkany(state, 1);
  lua_settop(state, 1);
  lua_newtable(state);
  script::mark_array(state);
  lua_pushvalue(state, 1);
  for (int depth = 0; depth < 8; ++depth) {
    const int value = lua_gettop(state);
    if (lua_istable(state, value)) add_names(state, value, 2);
    if (lua_getmetatable(state, value) == 0) break;
    lua_pushliteral(state, "__index");
    lua_rawget(state, -2);
    if (!lua_istable(state, -1)) break;
  }
  lua_settop(state, 2);
  return 1;
}

constexpr luaL_Reg kFunctions[] = {{"tree", script::thunk<module_tree>},
                                   {"scripts", script::thunk<module_scripts>},
                                   {"source", script::thunk<module_source>},
                                   {"eval", script::thunk<module_eval>},
                                   {"loaded", script::thunk<module_loaded>},
                                   {"members", script::thunk<module_members>},
                                   {nullptr, nullptr}};

}  // namespace

int open_module(lua_State* state) {
  script::define_class<Tree>(state, kTreeMethods);
  luaL_newlib(state, kFunctions);
  return 1;
}

}  // namespace engine::bindings
