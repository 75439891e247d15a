#pragma once

#include "base/result.hh"

#include <memory>
#include <type_traits>
#include <utility>

namespace engine {

template <typename Signature>
class UniqueFunction;

/// A callable that can be moved but not copied, so that it may own what it will need.
template <typename R, typename... Args>
class UniqueFunction<R(Args...)> {
 public:
  UniqueFunction() = default;
  template <typename F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, UniqueFunction> &&
           std::is_invocable_r_v<R, std::decay_t<F>&, Args...>) UniqueFunction(F&& f)  // NOLINT
      : callable_(std::make_unique<Holder<std::decay_t<F>>>(std::forward<F>(f))) {}

  R operator()(Args... args) { return callable_->call(std::forward<Args>(args)...); }
  [[nodiscard]] explicit operator bool() const { return callable_ != nullptr; }

 private:
  struct Base {
    virtual ~Base() = default;
    virtual R call(Args... args) = 0;
  };
  template <typename F>
  struct Holder final : Base {
    template <typename Given>
    explicit Holder(Given&& given) : f(std::forward<Given>(given)) {}
    R call(Args... args) override { return f(std::forward<Args>(args)...); }
    F f;
  };

  std::unique_ptr<Base> callable_;
};

/// What an asynchronous operation calls when it ends: exactly once on the loop that began it, never
/// inline; or it is destroyed uncalled, which means the operation was cancelled.
template <typename T = void>
using Completion = UniqueFunction<void(Result<T>)>;

}  // namespace engine
