#pragma once

#include <lua.hpp>

#include <memory>
#include <new>
#include <utility>

namespace engine::script {

/// Userdata that holds a `std::shared_ptr<T>`; T names its metatable: `static constexpr const char*
/// kLuaName = "engine.store.Snapshot";`. Finaliser and `close` (use `release_object<T>`) drop the
/// pointer; a use after that raises "closed".

/// Makes the metatable with `methods` (NULL-terminated, thunks) once per VM. `__index` are the
/// methods, except that names beginning with `__` are metamethods (`__tostring`, `__eq`, `__len`);
/// `__gc` releases, `__metatable` is locked. [-0, +0]
void define_class(lua_State* state,
                  const char* name,
                  const luaL_Reg* methods,
                  lua_CFunction release);

/// Gives the userdata on top the metatable `name`. Raises when `define_class` was not called (the
/// module that defines the class was never required in this VM). [-0, +0]
void attach_class(lua_State* state, const char* name);
/// Keeps `live().objects`.
void count_object(int change);

/// `__gc` of the class, and a ready-made `close` method.
template <typename T>
int release_object(lua_State* state) {
  auto* slot = static_cast<std::shared_ptr<T>*>(luaL_checkudata(state, 1, T::kLuaName));
  if (*slot) count_object(-1);
  slot->reset();
  return 0;
}

template <typename T>
void define_class(lua_State* state, const luaL_Reg* methods) {
  define_class(state, T::kLuaName, methods, &release_object<T>);
}

/// Pushes a new userdata. [-0, +1]
template <typename T>
void push_object(lua_State* state, std::shared_ptr<T> object) {
  auto* slot = new (lua_newuserdata(state, sizeof(std::shared_ptr<T>))) std::shared_ptr<T>();
  attach_class(state, T::kLuaName);
  *slot = std::move(object);
  if (*slot) count_object(1);
}

/// The slot at `index`; raises when the value is of another class.
template <typename T>
std::shared_ptr<T>& check_slot(lua_State* state, int index) {
  return *static_cast<std::shared_ptr<T>*>(luaL_checkudata(state, index, T::kLuaName));
}

/// The object at `index`; raises when it is of another class or closed.
template <typename T>
std::shared_ptr<T> check_object(lua_State* state, int index) {
  std::shared_ptr<T>& slot = check_slot<T>(state, index);
  if (!slot) luaL_error(state, "%s is closed", T::kLuaName);
  return slot;
}

}  // namespace engine::script
