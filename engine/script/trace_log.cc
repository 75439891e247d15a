#include "script/trace_log.hh"

#include "script/loader.hh"
#include "script/vm_impl.hh"

#include <utility>

namespace engine::script {

std::int64_t TraceLog::elapsed() const {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - began_).count();
}

int TraceLog::open(std::string name, std::string at) {
  spans_.push_back(
      {.name = std::move(name), .at = std::move(at), .parent = innermost_, .start = elapsed()});
  return innermost_ = static_cast<int>(spans_.size()) - 1;
}

void TraceLog::close(int span) {
  if (span < 0 || span >= static_cast<int>(spans_.size())) return;
  const std::int64_t now = elapsed();
  for (int at = innermost_; at >= span; at = spans_[static_cast<std::size_t>(at)].parent) {
    Span& open = spans_[static_cast<std::size_t>(at)];
    if (open.finish < 0) open.finish = now;
    if (at == span) {
      innermost_ = open.parent;
      return;
    }
  }
}

TraceLog* current_trace(lua_State* state) {
  return Vm::of(state).impl().tasks.trace_of(state);
}

namespace {

/// Looks a function up in the engine module on top of the stack: its name there, or "". [-0, +0]
std::string name_in_module(lua_State* state, int function) {
  if (!lua_istable(state, -1)) return {};
  for (lua_pushnil(state); lua_next(state, -2) != 0; lua_pop(state, 1)) {
    if (lua_type(state, -2) != LUA_TSTRING || lua_rawequal(state, -1, function) == 0) continue;
    std::string name = lua_tostring(state, -2);
    lua_pop(state, 2);
    return name;
  }
  return {};
}

}  // namespace

int engine_level(lua_State* state) {
  lua_Debug frame;
  int level = 0;
  // Parts of engine modules are written in Lua: chunks named "engine.NAME".
  while (lua_getstack(state, level + 1, &frame) != 0) {
    lua_getinfo(state, "S", &frame);
    if (!std::string_view(frame.short_src).starts_with("engine.")) break;
    ++level;
  }
  return level;
}

std::string running_function(lua_State* state, int level) {
  lua_Debug frame;
  if (lua_getstack(state, level, &frame) == 0) return "engine";
  lua_getinfo(state, "nf", &frame);  // the function stays on the stack
  const int function = lua_gettop(state);
  std::string found = frame.name == nullptr ? "engine" : frame.name;
  push_loaded(state);
  for (lua_pushnil(state); lua_next(state, -2) != 0; lua_pop(state, 1)) {
    const std::string module = lua_type(state, -2) == LUA_TSTRING ? lua_tostring(state, -2) : "";
    if (!module.starts_with("engine.")) continue;
    if (std::string name = name_in_module(state, function); !name.empty()) {
      found = module.substr(std::string_view("engine.").size()) + '.' + name;
      break;
    }
  }
  lua_settop(state, function - 1);
  return found;
}

}  // namespace engine::script
