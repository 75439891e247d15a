#pragma once

#include "event/ring.hh"

#include <filesystem>

namespace engine::event {

/// The file that says which numbers of events are given or may have been, so that none is given
/// twice by two lives of an instance. Resource type.
class NumberFile {
 public:
  static constexpr std::uint64_t kBlock = 10'000;

  /// Reads the file, or begins at 0, and reserves a block. A life that did not end in order may
  /// have given numbers beyond what it had reserved by one block: they are skipped.
  /// ERRORS: Errc::filesystem, Errc::corrupt.
  static Result<std::unique_ptr<NumberFile>> open(std::filesystem::path path);

  /// What a ring may give.
  [[nodiscard]] Numbers numbers() const { return numbers_; }
  /// Reserves a block beyond `last`, on the disk; the new end. Blocks. ERRORS: Errc::filesystem.
  Result<std::uint64_t> reserve(std::uint64_t last);
  /// Says that `last` was the last of this life.
  Result<> close(std::uint64_t last);

 private:
  explicit NumberFile(std::filesystem::path path) : path_(std::move(path)) {}
  [[nodiscard]] Result<> write(std::uint64_t last, bool closed) const;

  std::filesystem::path path_;
  Numbers numbers_;
};

}  // namespace engine::event
