#pragma once

#include <utility>

namespace engine {

/// Runs a function at the end of the scope unless dismissed.
template <typename F>
class [[nodiscard]] Defer {
 public:
  explicit Defer(F run) : run_(std::move(run)) {}
  Defer(const Defer&) = delete;
  Defer& operator=(const Defer&) = delete;
  ~Defer() {
    if (armed_) run_();
  }
  void dismiss() { armed_ = false; }

 private:
  F run_;
  bool armed_ = true;
};

}  // namespace engine
