#include "archive/sink.hh"

#include "base/defer.hh"
#include "base/file.hh"
#include "crypto/random.hh"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace engine::archive {

Result<> MemorySink::resize(std::uint64_t size) {
  bytes_.resize(static_cast<std::size_t>(size));
  return {};
}

Result<> MemorySink::write(std::uint64_t offset, ByteView bytes) {
  std::ranges::copy(bytes, bytes_.begin() + static_cast<std::ptrdiff_t>(offset));
  return {};
}

Result<> FileSink::resize(std::uint64_t size) {
  if (::ftruncate(fd_, static_cast<off_t>(size)) != 0) return fail_errno("setting the file size");
  return {};
}

Result<> FileSink::write(std::uint64_t offset, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail_errno("write");
    bytes = bytes.subspan(static_cast<std::size_t>(put));
    offset += static_cast<std::uint64_t>(put);
  }
  return {};
}

Result<> StreamSink::resize(std::uint64_t) {
  return {};
}

Result<> StreamSink::write(std::uint64_t, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd_, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && errno == EPIPE) return fail(Errc::closed, "nobody reads the output any more");
    if (put < 0) return fail_errno("write");
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return {};
}

Result<> write_beside(const std::filesystem::path& path,
                      unsigned mode,
                      const std::function<Result<>(ByteSink&)>& fill) {
  const std::string temporary = path.string() + ".tmp-" + crypto::make_guid();
  TRY_ASSIGN(const UniqueFd fd,
             open_file(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode));
  Defer discard([&] { ::unlink(temporary.c_str()); });
  FileSink sink(fd.get());
  TRY(fill(sink));
  if (::fsync(fd.get()) != 0) return fail_errno("fsync " + temporary);
  if (::rename(temporary.c_str(), path.c_str()) != 0) return fail_errno("rename " + temporary);
  discard.dismiss();
  return {};
}

}  // namespace engine::archive
