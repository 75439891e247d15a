#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace engine {

/// A string that cannot be mistaken for another string: `using PackageId = StrongId<struct …Tag>`.
template <typename Tag>
class StrongId {
 public:
  StrongId() = default;
  explicit StrongId(std::string value) : value_(std::move(value)) {}
  [[nodiscard]] const std::string& str() const { return value_; }
  [[nodiscard]] std::string_view view() const { return value_; }
  auto operator<=>(const StrongId&) const = default;

 private:
  std::string value_;
};

}  // namespace engine

template <typename Tag>
struct std::hash<engine::StrongId<Tag>> {
  std::size_t operator()(const engine::StrongId<Tag>& id) const noexcept {
    return std::hash<std::string>{}(id.str());
  }
};
