#include "archive/source.hh"

#include "base/file.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace engine::archive {
namespace {

tl::unexpected<Error> too_short(std::string_view what, std::uint64_t offset, std::size_t length) {
  return fail(
      Error{.code = Errc::parse_s9pk,
            .message = std::string(what) + " ends before byte " + std::to_string(offset + length),
            .hint = "it is cut off or still being written: copy or download it again"});
}

}  // namespace

bool lies_inside(std::uint64_t position, std::uint64_t length, std::uint64_t size) {
  return position <= size && length <= size - position;
}

MemorySource::MemorySource(std::string_view text) {
  const ByteView view = as_bytes(text);
  bytes_.assign(view.begin(), view.end());
}

Result<> MemorySource::read(std::uint64_t offset, MutableBytes into) const {
  if (!lies_inside(offset, into.size(), bytes_.size())) {
    return too_short("the data", offset, into.size());
  }
  std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), into.size(), into.begin());
  return {};
}

Result<std::shared_ptr<const FileSource>> FileSource::open(const std::filesystem::path& path) {
  // Not blocking on a fifo somebody put there; regular files ignore the flag.
  TRY_ASSIGN(UniqueFd fd, open_file(path, O_RDONLY | O_NONBLOCK));
  std::string name = path.string();
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return fail_errno("stat " + name);
  if (!S_ISREG(info.st_mode)) {
    return fail(Errc::filesystem, name + " is not a regular file");
  }
  return std::make_shared<const FileSource>(
      std::move(fd), std::move(name), static_cast<std::uint64_t>(info.st_size));
}

FileSource::FileSource(UniqueFd fd, std::string name, std::uint64_t size)
    : fd_(std::move(fd)), name_(std::move(name)), size_(size) {}

Result<> FileSource::read(std::uint64_t offset, MutableBytes into) const {
  if (!lies_inside(offset, into.size(), size_)) return too_short(name_, offset, into.size());
  while (!into.empty()) {
    const ssize_t got = ::pread(fd_.get(), into.data(), into.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("read " + name_);
    if (got == 0) return too_short(name_, offset, into.size());
    into = into.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return {};
}

}  // namespace engine::archive
