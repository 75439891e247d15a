#include "script/heap.hh"

namespace engine::script {
namespace {

// How large a heap may have become when it is collected again, in percent of what was alive.
constexpr int kPatient = 800;
constexpr int kUsual = 200;

}  // namespace

void Heap::attach(lua_State* state) {
  inner_ = lua_getallocf(state, &inner_data_);
  used_ = static_cast<std::size_t>(lua_gc(state, LUA_GCCOUNT, 0)) * 1024 +
          static_cast<std::size_t>(lua_gc(state, LUA_GCCOUNTB, 0));
  lua_setallocf(state, &Heap::allocate, this);
}

void Heap::be_patient_below(lua_State* state, std::size_t size) {
  state_ = state;
  patient_below_ = size;
  lua_gc(state, LUA_GCSETPAUSE, kPatient);
}

/// Only sets two numbers: the state is in the middle of an allocation.
void Heap::lose_patience() {
  patient_below_ = SIZE_MAX;
  lua_gc(state_, LUA_GCSETPAUSE, kUsual);
  lua_gc(state_, LUA_GCRESTART, 0);  // the next collection begins now
}

void Heap::detach(lua_State* state) {
  lua_setallocf(state, inner_, inner_data_);
}

void* Heap::allocate(void* self, void* block, std::size_t old_size, std::size_t new_size) {
  auto& heap = *static_cast<Heap*>(self);
  const bool grows = new_size > old_size;
  if (grows && heap.limit_ != 0 && heap.used_ + (new_size - old_size) > heap.limit_) [[unlikely]] {
    return nullptr;
  }
  if (grows && heap.used_ > heap.patient_below_) [[unlikely]]
    heap.lose_patience();
  void* moved = heap.inner_(heap.inner_data_, block, old_size, new_size);
  if (moved != nullptr || new_size == 0) heap.used_ += new_size - old_size;
  return moved;
}

}  // namespace engine::script
