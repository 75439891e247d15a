#pragma once

#include "base/result.hh"

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace engine::lxc {

/// Names content that changes when it changes: 128 bits, fast, not cryptographic. For files of
/// this host only, never to judge what somebody else sent.
class ContentKey {
 public:
  void add(std::string_view text);
  /// Adds the relative paths and contents of a file or tree, in a fixed order.
  Result<> add_tree(const std::filesystem::path& path);
  /// 32 hexadecimal digits.
  [[nodiscard]] std::string str() const;

 private:
  Result<> add_file(const std::filesystem::path& path);

  std::array<std::uint64_t, 2> state_{0xcbf29ce484222325ULL, 0x9e3779b97f4a7c15ULL};
};

}  // namespace engine::lxc
