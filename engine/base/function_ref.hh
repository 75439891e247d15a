#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace engine {

template <typename Signature>
class FunctionRef;

/// A callable that belongs to somebody else: for parameters that are called before the function
/// returns. Costs no allocation. REQUIRES: an empty one is not called.
template <typename R, typename... Args>
class FunctionRef<R(Args...)> {
 public:
  FunctionRef() = default;
  template <typename F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, FunctionRef> &&
           std::is_invocable_r_v<R, F&, Args...>) FunctionRef(F&& f)  // NOLINT
      : callable_(const_cast<void*>(static_cast<const void*>(std::addressof(f)))),
        call_([](void* callable, Args... args) -> R {
          return (*static_cast<std::remove_reference_t<F>*>(callable))(std::forward<Args>(args)...);
        }) {}

  R operator()(Args... args) const { return call_(callable_, std::forward<Args>(args)...); }
  [[nodiscard]] explicit operator bool() const { return call_ != nullptr; }

 private:
  void* callable_ = nullptr;
  R (*call_)(void*, Args...) = nullptr;
};

}  // namespace engine
