#include "script/c_stack.hh"

#include "script/loader.hh"

#include <pthread.h>

namespace engine::script {
namespace {

/// The middle of this thread's stack, which grows downwards; null where nobody knows.
const char* middle_of_stack() {
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return nullptr;
  void* lowest = nullptr;
  std::size_t size = 0;
  pthread_attr_getstack(&attributes, &lowest, &size);
  pthread_attr_destroy(&attributes);
  return static_cast<const char*>(lowest) + size / 2;
}

bool is_low() {
  thread_local const char* const middle = middle_of_stack();
  return static_cast<const char*>(__builtin_frame_address(0)) < middle;
}

/// The library's own function, which is the upvalue, within the frame of this one: arguments,
/// results and the name in its errors are the same.
int checked_call(lua_State* state) {
  check_c_stack(state);
  return lua_tocfunction(state, lua_upvalueindex(1))(state);
}

/// For a Lua function of ours: its caller is who is told of.
int check(lua_State* state) {
  if (!is_low()) return 0;
  luaL_where(state, 2);
  lua_pushliteral(state, "stack overflow");
  lua_concat(state, 2);
  return lua_error(state);
}

void wrap(lua_State* state, const char* library, const char* function) {
  lua_getglobal(state, library);
  lua_getfield(state, -1, function);
  lua_pushcclosure(state, checked_call, 1);
  lua_setfield(state, -2, function);
  lua_pop(state, 1);
}

/// These two are written in assembler and can be called from Lua alone.
void wrap_coroutines(lua_State* state) {
  static constexpr std::string_view kSource = R"(
    local coroutine, check = ...
    local resume, wrap = coroutine.resume, coroutine.wrap
    function coroutine.resume(...)
      check()
      return resume(...)
    end
    function coroutine.wrap(f)
      local resumed = wrap(f)
      return function(...)
        check()
        return resumed(...)
      end
    end)";
  if (load_chunk(state, kSource, "engine.coroutine") != 0) lua_error(state);
  lua_getglobal(state, "coroutine");
  lua_pushcfunction(state, check);
  lua_call(state, 2, 0);
}

}  // namespace

void check_c_stack(lua_State* state) {
  if (is_low()) luaL_error(state, "stack overflow");
}

void bound_c_stack(lua_State* state) {
  wrap(state, "string", "gsub");
  wrap(state, "table", "sort");
  wrap_coroutines(state);
}

}  // namespace engine::script
