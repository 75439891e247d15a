#include "script/object.hh"

#include "script/live.hh"
#include "script/vm_impl.hh"

#include <string_view>

namespace engine::script {

void link_object(lua_State* state, ObjectLink& link) {
  ObjectLink& head = Vm::of(state).impl().objects;
  link.next = head.next;
  link.before = &head;
  link.next->before = &link;
  head.next = &link;
  ++live().objects;
}

void unlink_object(ObjectLink& link) {
  if (link.next == &link) return;
  link.next->before = link.before;
  link.before->next = link.next;
  link.next = link.before = &link;
  --live().objects;
}

void attach_class(lua_State* state, const char* name) {
  luaL_getmetatable(state, name);
  if (lua_isnil(state, -1)) luaL_error(state, "class %s is not defined in this VM", name);
  lua_setmetatable(state, -2);
}

void define_class(lua_State* state,
                  const char* name,
                  const luaL_Reg* methods,
                  lua_CFunction release) {
  if (luaL_newmetatable(state, name) == 0) {
    lua_pop(state, 1);
    return;
  }
  lua_newtable(state);  // metatable, methods
  for (const luaL_Reg* row = methods; row != nullptr && row->name != nullptr; ++row) {
    lua_pushcfunction(state, row->func);
    lua_setfield(state, std::string_view(row->name).starts_with("__") ? -3 : -2, row->name);
  }
  lua_setfield(state, -2, "__index");
  lua_pushcfunction(state, release);
  lua_setfield(state, -2, "__gc");
  lua_pushstring(state, name);
  lua_setfield(state, -2, "__metatable");
  lua_pushstring(state, name);
  lua_setfield(state, -2, "__name");
  lua_pop(state, 1);
}

}  // namespace engine::script
