#include "base/log.hh"
#include "script/c_stack.hh"
#include "script/thunk.hh"
#include "script/traceback.hh"
#include "script/vm_impl.hh"

#include <algorithm>

namespace engine::script {
namespace {

// Not `newproxy`: a finaliser written in Lua runs with hooks off, out of the guard's reach. Not
// `getfenv`, `setfenv`: `load` takes an environment, and coroutines are used again for other tasks.
constexpr std::string_view kTrustedGlobals[] = {
    "_G",     "_VERSION", "assert",       "bit",    "collectgarbage", "coroutine",
    "error",  "ipairs",   "getmetatable", "math",   "next",           "os",
    "pairs",  "pcall",    "rawequal",     "rawget", "rawlen",         "rawset",
    "select", "string",   "setmetatable", "table",  "tonumber",       "tostring",
    "type",   "unpack",   "xpcall"};
constexpr std::string_view kTrustedOnly[] = {"collectgarbage"};
constexpr std::string_view kOs[] = {"time", "date", "clock", "getenv", "difftime"};
constexpr std::string_view kUntrustedOs[] = {"time", "date", "clock", "difftime"};

/// Removes from the table on top every string key that `keeps` refuses. [-0, +0]
template <typename Keeps>
void filter_table(lua_State* state, Keeps keeps) {
  for (lua_pushnil(state); lua_next(state, -2) != 0;) {
    lua_pop(state, 1);
    if (keeps(check_string(state, -1))) continue;
    lua_pushvalue(state, -1);  // clearing a field during a traversal is allowed
    lua_pushnil(state);
    lua_rawset(state, -4);
  }
}

template <typename Names>
bool contains(const Names& names, std::string_view name) {
  return std::ranges::find(names, name) != std::end(names);
}

void open_libraries(lua_State* state) {
  static constexpr luaL_Reg kLibraries[] = {{"", luaopen_base},
                                            {LUA_TABLIBNAME, luaopen_table},
                                            {LUA_STRLIBNAME, luaopen_string},
                                            {LUA_MATHLIBNAME, luaopen_math},
                                            {LUA_OSLIBNAME, luaopen_os},
                                            {LUA_BITLIBNAME, luaopen_bit},
                                            // Also what makes the JIT ready; its table is removed.
                                            {LUA_JITLIBNAME, luaopen_jit}};
  for (const luaL_Reg& library : kLibraries) {
    lua_pushcfunction(state, library.func);
    lua_pushstring(state, library.name);
    lua_call(state, 1, 0);
  }
}

int script_print(lua_State* state) {
  check_c_stack(state);
  std::string line;
  const int count = lua_gettop(state);
  lua_getglobal(state, "tostring");
  for (int i = 1; i <= count; ++i) {
    lua_pushvalue(state, -1);
    lua_pushvalue(state, i);
    lua_call(state, 1, 1);
    std::size_t size = 0;
    const char* text = lua_tolstring(state, -1, &size);
    if (i > 1) line += '\t';
    line.append(text == nullptr ? "?" : text, text == nullptr ? 1 : size);
    lua_pop(state, 1);
  }
  log::info(Vm::of(state).name(), line, {{"at", where(state, 1)}});
  return 0;
}

/// The text of a chunk given as a string or as a function that returns its pieces.
std::string chunk_text(lua_State* state) {
  if (lua_type(state, 1) == LUA_TSTRING) return std::string(check_string(state, 1));
  luaL_checktype(state, 1, LUA_TFUNCTION);
  std::string text;
  while (true) {
    lua_pushvalue(state, 1);
    lua_call(state, 0, 1);
    const bool more = lua_type(state, -1) == LUA_TSTRING && lua_objlen(state, -1) > 0;
    if (more) text += check_string(state, -1);
    lua_pop(state, 1);
    if (!more) return text;
  }
}

int script_load(lua_State* state) {
  check_c_stack(state);
  const std::string text = chunk_text(state);
  std::string name(opt_string(state, 2).value_or("chunk"));
  if (name.starts_with('@') || name.starts_with('=')) name.erase(0, 1);
  const bool has_environment = !lua_isnone(state, 4);
  if (load_chunk(state, text, name) != 0) {
    lua_pushnil(state);
    lua_insert(state, -2);
    return 2;
  }
  if (has_environment) {
    lua_pushvalue(state, 4);
    lua_setfenv(state, -2);
  }
  return 1;
}

/// debug.traceback([coroutine,] [message]); in a handler of xpcall, of where the error was raised.
int script_traceback(lua_State* state) {
  lua_State* of = state;
  int argument = 1;
  if (lua_isthread(state, 1)) {
    of = lua_tothread(state, 1);
    argument = 2;
  }
  std::string text(opt_string(state, argument).value_or(""));
  if (!text.empty()) text += '\n';
  std::string& trapped = Vm::of(state).impl().trapped;
  if (of == state && !trapped.empty()) {
    text += std::exchange(trapped, {});
  } else {
    text += traceback(of, of == state ? 1 : 0);
  }
  push_string(state, text);
  return 1;
}

/// debug.place(level) → file, line: of the function at `level`, 1 being the caller's; "[C]", -1 of
/// one in C, nothing beyond the last. Makes no table and no text but the name, which is known.
int script_place(lua_State* state) {
  lua_Debug frame;
  const auto level = static_cast<int>(luaL_checkinteger(state, 1));
  if (level < 0 || lua_getstack(state, level, &frame) == 0) return 0;
  lua_getinfo(state, "Sl", &frame);
  lua_pushstring(state, frame.short_src);
  lua_pushinteger(state, frame.currentline);
  return 2;
}

int refuse_global(lua_State* state) {
  lua_pushvalue(state, 2);
  const char* name = lua_tostring(state, -1);
  return luaL_error(state,
                    "assignment to undeclared global '%s' (declare it local)",
                    name == nullptr ? "?" : name);
}

/// collectgarbage, but for what would outlast the call: the collector serves all handlers of the
/// VM.
int script_collectgarbage(lua_State* state) {
  static const char* const kAllowed[] = {"collect", "count", "step", nullptr};
  luaL_checkoption(state, 1, "collect", kAllowed);
  return lua_tocfunction(state, lua_upvalueindex(1))(state);
}

void lock_strings(lua_State* state) {
  lua_pushliteral(state, "");
  if (lua_getmetatable(state, -1) != 0) {
    lua_pushliteral(state, "string");
    lua_setfield(state, -2, "__metatable");
    lua_pop(state, 1);
  }
  lua_pop(state, 1);
}

int trap(lua_State* state) {
  Vm::of(state).impl().trapped = traceback_of_error(state, 1);
  return 1;
}

int forget_trapped(lua_State* state) {
  Vm::of(state).impl().trapped.clear();
  return 0;
}

/// LuaJIT runs a message handler with hooks off, where a loop would be out of the guard's reach.
/// This one runs after the unwind; the traceback is kept for it.
void define_xpcall(lua_State* state) {
  static constexpr std::string_view kSource = R"(
    local xpcall, pcall, error, trap, forget = ...
    local function ended(ok, ...)
      forget()
      if not ok then error((...), 0) end
      return false, ...
    end
    local function settle(handler, ok, ...)
      if ok then return true, ... end
      return ended(pcall(handler, ...))
    end
    return function(f, handler, ...) return settle(handler, xpcall(f, trap, ...)) end)";
  if (load_chunk(state, kSource, "engine.xpcall") != 0) lua_error(state);
  for (const char* name : {"xpcall", "pcall", "error"})
    lua_getglobal(state, name);
  lua_pushcfunction(state, trap);
  lua_pushcfunction(state, forget_trapped);
  lua_call(state, 5, 1);
  lua_setglobal(state, "xpcall");
}

}  // namespace

int load_chunk(lua_State* state, std::string_view source, std::string_view name) {
  const std::string chunk = '@' + std::string(name);
  return luaL_loadbufferx(state, source.data(), source.size(), chunk.c_str(), "t");
}

void open_sandbox(lua_State* state, const Vm::Options& options) {
  open_libraries(state);
  lua_pushvalue(state, LUA_GLOBALSINDEX);
  filter_table(state, [&](std::string_view name) {
    return contains(kTrustedGlobals, name) && (options.trusted || !contains(kTrustedOnly, name));
  });
  lua_pop(state, 1);
  lua_getglobal(state, "os");
  filter_table(state, [&](std::string_view name) {
    return options.trusted ? contains(kOs, name) : contains(kUntrustedOs, name);
  });
  lua_pop(state, 1);
  lua_getglobal(state, "string");
  filter_table(state, [](std::string_view name) { return name != "dump"; });
  lua_pop(state, 1);
  lock_strings(state);
  lua_newtable(state);
  lua_pushcfunction(state, thunk<script_traceback>);
  lua_setfield(state, -2, "traceback");
  lua_pushcfunction(state, thunk<script_place>);
  lua_setfield(state, -2, "place");
  lua_setglobal(state, "debug");
  lua_register(state, "print", thunk<script_print>);
  lua_register(state, "load", thunk<script_load>);
  lua_register(state, "loadstring", thunk<script_load>);
  define_xpcall(state);
  bound_c_stack(state);
  if (options.trusted) {
    lua_getglobal(state, "collectgarbage");
    lua_pushcclosure(state, script_collectgarbage, 1);
    lua_setglobal(state, "collectgarbage");
  }
}

void make_strict(lua_State* state) {
  lua_createtable(state, 0, 2);
  lua_pushcfunction(state, refuse_global);
  lua_setfield(state, -2, "__newindex");
  lua_pushliteral(state, "strict");
  lua_setfield(state, -2, "__metatable");
  lua_setmetatable(state, LUA_GLOBALSINDEX);
}

}  // namespace engine::script
