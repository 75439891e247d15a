#pragma once

#include "base/unique_fd.hh"

#include "fetch/range_stream.hh"

#include <cstdint>
#include <memory>

namespace engine::fetch {

/// A remote file whose server sends it only whole: it is kept in a nameless temporary file as far
/// as it was needed so far. Takes as much disk as the server said the file is large, and no more.
class Spool {
 public:
  /// `transfer`: an answer that begins with the first byte. ERRORS: as errno_error.
  static Result<std::unique_ptr<Spool>> make(const RemoteFile& file,
                                             std::unique_ptr<Transfer> transfer);

  /// REQUIRES: the range lies inside the file. ERRORS: Errc::network, Errc::timeout; as
  /// errno_error.
  Result<> read(std::uint64_t offset, MutableBytes into);

 private:
  Spool(const RemoteFile& file, std::unique_ptr<Transfer> transfer, UniqueFd fd);
  Result<> receive();
  Result<> restart();
  Result<> read_until(std::uint64_t end);

  const RemoteFile& file_;
  std::unique_ptr<Transfer> transfer_;
  UniqueFd fd_;
  std::uint64_t have_ = 0;  ///< bytes in the temporary file
  std::uint64_t skip_ = 0;  ///< bytes of a new answer that are there already
  Bytes buffer_;
};

}  // namespace engine::fetch
