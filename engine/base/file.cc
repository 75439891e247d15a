#include "base/file.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>

namespace engine {
namespace {

constexpr std::string_view kTemporary = ".tmp";

/// A file that must not be there before. One that is was left by a dead process with our number.
Result<UniqueFd> open_temporary(const std::string& path, unsigned mode) {
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (fd || errno != EEXIST)
    return fd ? Result<UniqueFd>(std::move(fd)) : fail_errno("open " + path);
  ::unlink(path.c_str());
  return open_file(path, O_WRONLY | O_CREAT | O_EXCL, mode);
}

/// The process that wrote `name`, NAME.tmpPROCESS.COUNT; 0 when it is no such name.
pid_t writer_of(std::string_view name) {
  const auto at = name.rfind(kTemporary);
  if (at == std::string_view::npos || at == 0) return 0;
  const char* const end = name.data() + name.size();
  pid_t process = 0;
  unsigned count = 0;
  const auto first = std::from_chars(name.data() + at + kTemporary.size(), end, process);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != '.') return 0;
  const auto second = std::from_chars(first.ptr + 1, end, count);
  return second.ec == std::errc{} && second.ptr == end && process > 0 ? process : 0;
}

}  // namespace

Result<UniqueFd> open_file(const std::filesystem::path& path, int flags, unsigned mode) {
  UniqueFd fd(::open(path.c_str(), flags | O_CLOEXEC, mode));
  if (!fd) return fail_errno("open " + path.string());
  return fd;
}

Result<std::string> read_file(const std::filesystem::path& path, std::size_t max_size) {
  TRY_ASSIGN(UniqueFd fd, open_file(path, O_RDONLY));
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return fail_errno("stat " + path.string());
  if (S_ISDIR(info.st_mode)) return fail(Errc::filesystem, path.string() + " is a directory");
  std::string content;
  content.reserve(static_cast<std::size_t>(info.st_size));
  char block[16384];
  while (true) {
    const ssize_t got = ::read(fd.get(), block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("read " + path.string());
    if (got == 0) return content;
    content.append(block, static_cast<std::size_t>(got));
    if (content.size() > max_size) {
      return fail(Errc::filesystem,
                  path.string() + " is larger than " + std::to_string(max_size) + " bytes");
    }
  }
}

Result<> write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t put = ::write(fd, content.data(), content.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return fail_errno("write");
    content.remove_prefix(static_cast<std::size_t>(put));
  }
  return {};
}

Result<> write_file_atomic(const std::filesystem::path& path,
                           std::string_view content,
                           unsigned mode) {
  static std::atomic<unsigned> counter{0};
  const std::string temporary =
      fmt::format("{}{}{}.{}", path.string(), kTemporary, ::getpid(), counter++);
  auto written = [&]() -> Result<> {
    TRY_ASSIGN(UniqueFd fd, open_temporary(temporary, mode));
    TRY(write_all(fd.get(), content));
    if (::fsync(fd.get()) != 0) return fail_errno("fsync " + temporary);
    if (::rename(temporary.c_str(), path.c_str()) != 0) return fail_errno("rename " + temporary);
    return {};
  }();
  if (!written) {
    ::unlink(temporary.c_str());
    return fail(std::move(written).error().context("writing " + path.string()));
  }
  const auto parent = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  TRY_ASSIGN(UniqueFd directory, open_file(parent, O_RDONLY | O_DIRECTORY));
  if (::fsync(directory.get()) != 0) return fail_errno("fsync " + parent.string());
  return {};
}

void remove_stale_temporaries(const std::filesystem::path& folder) {
  std::error_code ignored;
  std::filesystem::directory_iterator entries(folder, ignored);
  for (const auto end = std::filesystem::directory_iterator(); !ignored && entries != end;
       entries.increment(ignored)) {
    const std::string name = entries->path().filename().string();
    const pid_t writer = writer_of(name);
    if (writer == 0) continue;
    const bool gone = ::kill(writer, 0) != 0 && errno == ESRCH;
    if (gone || writer == ::getpid()) ::unlink(entries->path().c_str());
  }
}

}  // namespace engine
