#pragma once

#include "base/bytes.hh"
#include "base/unique_fd.hh"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace engine::archive {

/// Random access to the bytes of a package or of a file to be packed.
///
/// Implementations may be read from several threads at once.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// The number of bytes there are.
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  /// Whether it is best read from one place on, by one thread.
  [[nodiscard]] virtual bool sequential() const { return false; }
  /// Fills `into` with the bytes from `offset` on.
  /// ERRORS: Errc::parse_s9pk if the source ends before; those of the medium.
  virtual Result<> read(std::uint64_t offset, MutableBytes into) const = 0;
};

/// Whether `[position, position + length)` lies inside `size` bytes; no overflow.
bool lies_inside(std::uint64_t position, std::uint64_t length, std::uint64_t size);

/// A source over bytes in memory.
class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(Bytes bytes) : bytes_(std::move(bytes)) {}
  explicit MemorySource(std::string_view text);
  [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }
  Result<> read(std::uint64_t offset, MutableBytes into) const override;

 private:
  Bytes bytes_;
};

/// A source over a regular file, read with pread. The size is the one it had when opened; a file
/// that has become shorter gives an error.
class FileSource final : public ByteSource {
 public:
  /// ERRORS: as errno_error; Errc::filesystem if it is not a regular file.
  static Result<std::shared_ptr<const FileSource>> open(const std::filesystem::path& path);

  FileSource(UniqueFd fd, std::string name, std::uint64_t size);
  [[nodiscard]] std::uint64_t size() const override { return size_; }
  Result<> read(std::uint64_t offset, MutableBytes into) const override;
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
  std::string name_;
  std::uint64_t size_;
};

}  // namespace engine::archive
