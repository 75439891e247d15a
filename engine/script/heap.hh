#pragma once

#include <lua.hpp>

#include <cstddef>
#include <cstdint>

namespace engine::script {

class Vm;

/// Counts, and may cap, what a Lua state allocates. It stands in front of the state's own
/// allocator; being the allocator's user data, it is also the shortest way from any `lua_State*` to
/// its Vm.
class Heap {
 public:
  Heap(Vm& vm, std::size_t limit) : vm_(vm), limit_(limit) {}
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  /// Takes the place of the allocator of `state`.
  void attach(lua_State* state);
  /// Collects seldom, while the heap is smaller than `size`: each collection walks all that is
  /// alive, and of a heap that holds little but the scripts that is nearly all there is.
  void be_patient_below(lua_State* state, std::size_t size);
  /// Keeps what was collected for what comes, as long as it is patient. LuaJIT maps its memory in
  /// pieces of 128 KiB and gives each back as soon as it is empty. In a VM that makes garbage all
  /// the time that is for nothing, and where several threads do it each such change makes the
  /// kernel stop all of them for a moment.
  void keep_memory() { keeps_memory_ = true; }
  /// Closes the state. Its own allocator gets it back first: LuaJIT tears its heap down only
  /// through that one.
  void close(lua_State* state);

  static Heap& of(lua_State* state) {
    void* self = nullptr;
    lua_getallocf(state, &self);
    return *static_cast<Heap*>(self);
  }

  /// The same where the state may still be in the making; null then.
  static Heap* find(lua_State* state) {
    void* self = nullptr;
    return lua_getallocf(state, &self) == &Heap::allocate ? static_cast<Heap*>(self) : nullptr;
  }

  [[nodiscard]] Vm& vm() const { return vm_; }
  [[nodiscard]] std::size_t used() const { return used_; }
  [[nodiscard]] std::size_t limit() const { return limit_; }

 private:
  static void* allocate(void* self, void* block, std::size_t old_size, std::size_t new_size);
  void lose_patience();

  Vm& vm_;
  std::size_t limit_;
  std::size_t used_ = 0;
  std::size_t patient_below_ = SIZE_MAX;  ///< SIZE_MAX: it is not, or not any more
  bool keeps_memory_ = false;
  lua_State* state_ = nullptr;  ///< of the patience
  lua_Alloc inner_ = nullptr;
  void* inner_data_ = nullptr;
};

}  // namespace engine::script
