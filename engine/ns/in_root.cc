#include "ns/in_root.hh"

#include "base/file.hh"
#include "ns/open_resolved.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace engine::ns {
namespace {

UniqueFd openat_in_root(int root, const char* path, int flags, mode_t mode = 0) {
  return open_resolved(root, path, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS, flags, mode);
}

// O_NONBLOCK keeps a FIFO that an image put in place of a file from stopping us.
Result<UniqueFd> open_regular(int root,
                              const std::filesystem::path& path,
                              int flags,
                              mode_t mode = 0) {
  UniqueFd fd = openat_in_root(root, path.c_str(), flags | O_NONBLOCK | O_NOCTTY, mode);
  if (!fd) return fail_errno("open " + path.string());
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return fail_errno("stat " + path.string());
  if (!S_ISREG(status.st_mode)) {
    return fail(Errc::filesystem, fmt::format("{} is not a regular file", path.string()));
  }
  return fd;
}

}  // namespace

Result<UniqueFd> open_in_root(int root, const std::filesystem::path& path, int flags) {
  UniqueFd fd = openat_in_root(root, path.c_str(), flags);
  if (!fd) return fail_errno("open " + path.string());
  return fd;
}

Result<UniqueFd> make_directories_in_root(int root, const std::filesystem::path& path) {
  const std::filesystem::path relative = path.relative_path();
  std::filesystem::path done = ".";
  TRY_ASSIGN(UniqueFd at, open_in_root(root, done, O_PATH | O_DIRECTORY));
  for (const auto& name : relative) {
    if (name.empty() || name == ".") continue;
    done /= name;
    UniqueFd next = openat_in_root(root, done.c_str(), O_PATH | O_DIRECTORY);
    if (!next && errno == ENOENT) {
      if (::mkdirat(at.get(), name.c_str(), 0755) != 0 && errno != EEXIST) {
        return fail_errno("mkdir " + done.string());
      }
      next = openat_in_root(root, done.c_str(), O_PATH | O_DIRECTORY);
    }
    if (!next) return fail_errno("open " + done.string());
    at = std::move(next);
  }
  return at;
}

Result<UniqueFd> make_file_in_root(int root, const std::filesystem::path& path) {
  TRY(make_directories_in_root(root, path.parent_path()));
  if (UniqueFd fd = openat_in_root(root, path.c_str(), O_PATH)) return fd;
  if (errno != ENOENT) return fail_errno("open " + path.string());
  TRY(open_regular(root, path, O_WRONLY | O_CREAT, 0644));
  return open_in_root(root, path, O_PATH);
}

Result<> write_file_in_root(int root, const std::filesystem::path& path, std::string_view content) {
  TRY(make_directories_in_root(root, path.parent_path()));
  TRY_ASSIGN(const UniqueFd fd, open_regular(root, path, O_WRONLY | O_CREAT | O_TRUNC, 0644));
  return write_all(fd.get(), content);
}

Result<std::string> read_file_in_root(int root,
                                      const std::filesystem::path& path,
                                      std::size_t max_size) {
  TRY_ASSIGN(const UniqueFd fd, open_regular(root, path, O_RDONLY));
  std::string content;
  std::array<char, 16384> block{};
  while (true) {
    const ssize_t got = ::read(fd.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("read " + path.string());
    if (got == 0) return content;
    content.append(block.data(), static_cast<std::size_t>(got));
    if (content.size() > max_size) {
      return fail(Errc::filesystem, fmt::format("{} is too large", path.string()));
    }
  }
}

}  // namespace engine::ns
