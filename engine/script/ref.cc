#include "script/ref.hh"

#include "script/live.hh"
#include "script/vm_impl.hh"

namespace engine::script {

Ref Ref::pop(lua_State* state) {
  Ref ref;
  ref.owner_ = Vm::of(state).impl().life;
  ref.slot_ = luaL_ref(state, LUA_REGISTRYINDEX);
  ++live().refs;
  return ref;
}

Ref::Ref(Ref&& other) noexcept
    : owner_(std::move(other.owner_)), slot_(std::exchange(other.slot_, LUA_NOREF)) {}

Ref& Ref::operator=(Ref&& other) noexcept {
  if (this != &other) {
    reset();
    owner_ = std::move(other.owner_);
    slot_ = std::exchange(other.slot_, LUA_NOREF);
  }
  return *this;
}

Ref::~Ref() {
  reset();
}

void Ref::assign(lua_State* state) {
  if (slot_ == LUA_NOREF || owner_.expired()) {
    *this = pop(state);
  } else {
    lua_rawseti(state, LUA_REGISTRYINDEX, slot_);
  }
}

void Ref::push(lua_State* state) const {
  if (slot_ == LUA_NOREF || owner_.expired()) {
    lua_pushnil(state);
  } else {
    lua_rawgeti(state, LUA_REGISTRYINDEX, slot_);
  }
}

Ref::operator bool() const {
  return slot_ != LUA_NOREF && !owner_.expired();
}

void Ref::reset() {
  if (slot_ == LUA_NOREF) return;
  --live().refs;
  if (const auto state = owner_.lock()) luaL_unref(*state, LUA_REGISTRYINDEX, slot_);
  slot_ = LUA_NOREF;
  owner_.reset();
}

}  // namespace engine::script
