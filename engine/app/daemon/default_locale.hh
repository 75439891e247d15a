#pragma once

#include <atomic>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

namespace engine::app {

/// The language of callers that name none. Read for every call, set hardly ever. Any thread.
class DefaultLocale {
 public:
  /// Lives as long as this; empty when there is none.
  [[nodiscard]] std::string_view get() const {
    const std::string* name = name_.load(std::memory_order_acquire);
    return name == nullptr ? std::string_view() : std::string_view(*name);
  }
  /// What is no name of a language (`de_DE`) is as none.
  void set(std::string name) {
    constexpr std::size_t kLongest = 16;
    constexpr std::size_t kMost = 1'000;
    const std::lock_guard lock(mutex_);
    const bool known = !name.empty() && name.size() <= kLongest && names_.size() < kMost;
    name_.store(known ? &*names_.insert(std::move(name)).first : nullptr,
                std::memory_order_release);
  }

 private:
  std::mutex mutex_;
  std::set<std::string> names_;  ///< none is ever taken out: somebody may be reading it
  std::atomic<const std::string*> name_ = nullptr;
};

}  // namespace engine::app
