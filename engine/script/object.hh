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

/// In every userdata: the objects of a VM that have not been released form a ring, so that they can
/// be let go without collecting.
struct ObjectLink {
  ObjectLink* next = this;
  ObjectLink* before = this;
  const char* name = "";                   ///< of the class
  void (*release)(ObjectLink&) = nullptr;  ///< null: the head of the ring
};

/// Puts `link` into the ring of the VM and counts it (live().objects).
void link_object(lua_State* state, ObjectLink& link);
/// The reverse; no effect on what is in no ring.
void unlink_object(ObjectLink& link);

template <typename T>
struct ObjectSlot : ObjectLink {
  std::shared_ptr<T> object;

  void drop() {
    unlink_object(*this);
    object.reset();
  }
};

/// `__gc` of the class, and a ready-made `close` method.
template <typename T>
int release_object(lua_State* state) {
  static_cast<ObjectSlot<T>*>(luaL_checkudata(state, 1, T::kLuaName))->drop();
  return 0;
}

template <typename T>
void define_class(lua_State* state, const luaL_Reg* methods) {
  define_class(state, T::kLuaName, methods, &release_object<T>);
}

/// Pushes a new userdata. [-0, +1]
template <typename T>
void push_object(lua_State* state, std::shared_ptr<T> object) {
  auto* slot = new (lua_newuserdata(state, sizeof(ObjectSlot<T>))) ObjectSlot<T>();
  attach_class(state, T::kLuaName);
  slot->object = std::move(object);
  slot->name = T::kLuaName;
  slot->release = [](ObjectLink& link) { static_cast<ObjectSlot<T>&>(link).drop(); };
  if (slot->object) link_object(state, *slot);
}

/// Takes the object at `index` out, which is closed from then on; null when it was already. Raises
/// when it is of another class.
template <typename T>
std::shared_ptr<T> take_object(lua_State* state, int index) {
  auto* slot = static_cast<ObjectSlot<T>*>(luaL_checkudata(state, index, T::kLuaName));
  unlink_object(*slot);
  return std::exchange(slot->object, nullptr);
}

/// The slot at `index`, empty when it is closed; raises when the value is of another class.
template <typename T>
const std::shared_ptr<T>& check_slot(lua_State* state, int index) {
  return static_cast<ObjectSlot<T>*>(luaL_checkudata(state, index, T::kLuaName))->object;
}

/// The object at `index`; raises when it is of another class or closed.
template <typename T>
std::shared_ptr<T> check_object(lua_State* state, int index) {
  const std::shared_ptr<T>& slot = check_slot<T>(state, index);
  if (!slot) luaL_error(state, "%s is closed", T::kLuaName);
  return slot;
}

/// The object at `index`, or null when it is of another class or closed.
template <typename T>
T* find_object(lua_State* state, int index) {
  auto* slot = static_cast<ObjectSlot<T>*>(luaL_testudata(state, index, T::kLuaName));
  return slot == nullptr ? nullptr : slot->object.get();
}

}  // namespace engine::script
