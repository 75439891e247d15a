#include "script/live.hh"

#include "script/convert.hh"
#include "script/vm_impl.hh"

#include <map>

namespace engine::script {
namespace {

/// More than a frame of Lua has.
constexpr int kFrame = 250;

/// What other functions left on this part of the stack would keep objects alive.
void wipe_stack(lua_State* state) {
  const int top = lua_gettop(state);
  luaL_checkstack(state, kFrame, "no room on the stack");
  lua_settop(state, top + kFrame);
  lua_settop(state, top);
}

void push_objects(lua_State* state, const ObjectLink& head) {
  std::map<const char*, int> counts;
  for (const ObjectLink* each = head.next; each != &head; each = each->next)
    ++counts[each->name];
  lua_newtable(state);
  for (const auto& [name, count] : counts) {
    lua_pushinteger(state, count);
    lua_setfield(state, -2, name);
  }
}

}  // namespace

Live& live() {
  static thread_local Live counts;
  return counts;
}

int push_held(lua_State* state) {
  Vm::Impl& vm = Vm::of(state).impl();
  wipe_stack(state);
  // Compiled code keeps objects it has met as constants.
  luaJIT_setmode(state, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_FLUSH);
  lua_gc(state, LUA_GCCOLLECT, 0);
  lua_newtable(state);
  lua_pushinteger(state, live().refs);
  lua_setfield(state, -2, "references");
  push_objects(state, vm.objects);
  lua_setfield(state, -2, "objects");
  lua_newtable(state);
  for (const Scheduler::Waiting& task : vm.tasks.waiting()) {
    lua_newtable(state);
    push_string(state, task.name);
    lua_setfield(state, -2, "name");
    push_string(state, task.place);
    lua_setfield(state, -2, "place");
    lua_setfield(state, -2, task.id.c_str());
  }
  lua_setfield(state, -2, "tasks");
  return 1;
}

}  // namespace engine::script
