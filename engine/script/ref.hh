#pragma once

#include <lua.hpp>

#include <memory>
#include <utility>

namespace engine::script {

/// Keeps one Lua value alive. Move-only. May outlive its VM (it is then empty). Released on the
/// VM's thread only.
class Ref {
 public:
  Ref() = default;
  /// Takes the value on top of the stack. [-1, +0]
  static Ref pop(lua_State* state);
  Ref(Ref&& other) noexcept;
  Ref& operator=(Ref&& other) noexcept;
  Ref(const Ref&) = delete;
  Ref& operator=(const Ref&) = delete;
  ~Ref();

  /// Takes the value on top of the stack instead of the one kept, which costs less than a new Ref.
  /// [-1, +0]
  void assign(lua_State* state);

  /// Pushes the value, nil if empty. [-0, +1]
  void push(lua_State* state) const;
  [[nodiscard]] explicit operator bool() const;
  void reset();

 private:
  std::weak_ptr<lua_State*> owner_;  ///< expires when the VM closes
  int slot_ = LUA_NOREF;
};

}  // namespace engine::script
