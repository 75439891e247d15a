#pragma once

#include "base/bytes.hh"
#include "base/unique_fd.hh"

#include <cstdint>
#include <filesystem>
#include <functional>

namespace engine::archive {

/// Takes bytes at given places. Disjoint ranges may be written from several threads at once.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  /// Announces the final size, once, before anything is written.
  virtual Result<> resize(std::uint64_t size) = 0;
  virtual Result<> write(std::uint64_t offset, ByteView bytes) = 0;
};

class MemorySink final : public ByteSink {
 public:
  Result<> resize(std::uint64_t size) override;
  Result<> write(std::uint64_t offset, ByteView bytes) override;
  [[nodiscard]] const Bytes& bytes() const { return bytes_; }
  Bytes take() { return std::move(bytes_); }

 private:
  Bytes bytes_;
};

/// Writes to a regular file with pwrite. Does not own the descriptor.
class FileSink final : public ByteSink {
 public:
  explicit FileSink(int fd) : fd_(fd) {}
  Result<> resize(std::uint64_t size) override;
  Result<> write(std::uint64_t offset, ByteView bytes) override;

 private:
  int fd_;
};

/// Writes to a pipe, a terminal or a file from where it stands. Takes bytes in order only, so from
/// one thread. Does not own the descriptor.
class StreamSink final : public ByteSink {
 public:
  explicit StreamSink(int fd) : fd_(fd) {}
  Result<> resize(std::uint64_t size) override;
  /// ERRORS: Errc::closed when nobody reads any more; as errno_error.
  Result<> write(std::uint64_t offset, ByteView bytes) override;

 private:
  int fd_;
};

/// Runs `fill` on a new file beside `path` and, if it succeeds, syncs that file and gives it the
/// name `path`; on failure nothing is left behind and `path` is untouched.
/// ERRORS: those of `fill`; as errno_error.
Result<> write_beside(const std::filesystem::path& path,
                      unsigned mode,
                      const std::function<Result<>(ByteSink&)>& fill);

}  // namespace engine::archive
