#pragma once

#include "base/result.hh"
#include "base/unique_fd.hh"

#include <cstddef>
#include <filesystem>
#include <string_view>

namespace engine::ns {

/// A log file of bounded size: past `max_bytes` it becomes NAME.1, the earlier NAME.1 becomes
/// NAME.2, and so on up to `keep` files in all. Resource type.
class RotatingFile {
 public:
  RotatingFile(std::filesystem::path path, std::size_t max_bytes, unsigned keep);

  /// Appends `line` and a line feed in one write. ERRORS: as errno_error.
  Result<> append(std::string_view line);

 private:
  Result<> open();
  void rotate();

  std::filesystem::path path_;
  std::size_t max_bytes_;
  unsigned keep_;
  std::size_t size_ = 0;
  UniqueFd file_;
};

}  // namespace engine::ns
