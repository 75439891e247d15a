#include "ns/copy_tree.hh"

#include "base/file.hh"
#include "base/unique_fd.hh"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace engine::ns {
namespace {

namespace fs = std::filesystem;
using Names = std::set<std::string>;

Result<Names> list(int directory, const fs::path& path) {
  const int fd = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return fail_errno("open " + path.string());
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(fd), &::closedir);
  Names names;
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.insert(name);
  }
  return names;
}

Result<struct stat> status_of(int directory, const std::string& name, const fs::path& path) {
  struct stat status {};
  if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return fail_errno("stat " + path.string());
  }
  return status;
}

Result<UniqueFd> enter(int directory, const std::string& name, const fs::path& path) {
  UniqueFd fd(::openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return fail_errno("open " + path.string());
  return fd;
}

// Removes what is at `name`, with all below a directory. Links are not followed.
Result<> remove_entry(int directory, const std::string& name, const fs::path& path) {
  if (::unlinkat(directory, name.c_str(), 0) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR && errno != EPERM) return fail_errno("remove " + path.string());
  TRY_ASSIGN(const UniqueFd inside, enter(directory, name, path));
  TRY_ASSIGN(const Names names, list(inside.get(), path));
  for (const std::string& child : names)
    TRY(remove_entry(inside.get(), child, path / child));
  if (::unlinkat(directory, name.c_str(), AT_REMOVEDIR) == 0) return {};
  return fail_errno("remove " + path.string());
}

/// Copies one tree into another.
class TreeCopy {
 public:
  /// `root` is the top directory of the copy.
  TreeCopy(int root, UniqueFunction<void(const CopyProgress&)> progress, std::uint64_t total)
      : root_(root), progress_(std::move(progress)) {
    done_.total_bytes = total;
  }

  Result<> directory(int from, int to, const fs::path& path) {
    TRY_ASSIGN(const Names wanted, list(from, path));
    TRY_ASSIGN(const Names present, list(to, path));
    for (const std::string& name : present) {
      if (!wanted.contains(name)) TRY(remove_entry(to, name, path / name));
    }
    for (const std::string& name : wanted)
      TRY(entry(from, to, name, path / name));
    struct stat status {};
    if (::fstat(from, &status) != 0) return fail_errno("stat " + path.string());
    TRY(copy_attributes(from, to, path));
    return finish(to, status, path);
  }

  [[nodiscard]] const CopyProgress& done() const { return done_; }

 private:
  using Inode = std::pair<dev_t, ino_t>;

  Result<> entry(int from, int to, const std::string& name, const fs::path& path) {
    TRY_ASSIGN(const struct stat status, status_of(from, name, path));
    if (S_ISDIR(status.st_mode)) return subdirectory(from, to, name, path);
    TRY(remove_entry(to, name, path));
    ++done_.files;
    if (S_ISREG(status.st_mode)) return file(from, to, name, status, path);
    if (S_ISLNK(status.st_mode)) return link(from, to, name, status, path);
    if (S_ISSOCK(status.st_mode)) return {};
    return special(to, name, status, path);
  }

  Result<> subdirectory(int from, int to, const std::string& name, const fs::path& path) {
    TRY_ASSIGN(const UniqueFd source, enter(from, name, path));
    struct stat existing {};
    if (::fstatat(to, name.c_str(), &existing, AT_SYMLINK_NOFOLLOW) == 0 &&
        !S_ISDIR(existing.st_mode)) {
      TRY(remove_entry(to, name, path));
    }
    if (::mkdirat(to, name.c_str(), 0700) != 0 && errno != EEXIST) {
      return fail_errno("mkdir " + path.string());
    }
    TRY_ASSIGN(const UniqueFd target, enter(to, name, path));
    return directory(source.get(), target.get(), path);
  }

  Result<> file(
      int from, int to, const std::string& name, const struct stat& status, const fs::path& path) {
    if (status.st_nlink > 1) {
      const auto [known, first] = links_.try_emplace(Inode{status.st_dev, status.st_ino}, path);
      if (!first) return hard_link(to, name, known->second, path);
    }
    const UniqueFd source(::openat(from, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!source) return fail_errno("open " + path.string());
    const UniqueFd target(
        ::openat(to, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!target) return fail_errno("create " + path.string());
    TRY(content(source.get(), target.get(), path));
    TRY(copy_attributes(source.get(), target.get(), path));
    return finish(target.get(), status, path);
  }

  Result<> content(int from, int to, const fs::path& path) {
    constexpr std::size_t kChunk = 8UL << 20U;
    while (true) {
      ssize_t moved = ::copy_file_range(from, nullptr, to, nullptr, kChunk, 0);
      if (moved < 0 && (errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP)) {
        moved = read_and_write(from, to);
      }
      if (moved < 0) return fail_errno("copying " + path.string());
      done_.bytes += static_cast<std::uint64_t>(moved);
      if (progress_) progress_(done_);
      if (moved == 0) return {};
    }
  }

  static ssize_t read_and_write(int from, int to) {
    std::vector<char> block(1UL << 20U);
    const ssize_t got = ::read(from, block.data(), block.size());
    if (got <= 0) return got;
    const auto written = write_all(to, {block.data(), static_cast<std::size_t>(got)});
    return written ? got : -1;
  }

  Result<> hard_link(int to, const std::string& name, const fs::path& first, const fs::path& path) {
    if (::linkat(root_, first.c_str(), to, name.c_str(), 0) == 0) return {};
    return fail_errno("linking " + path.string());
  }

  Result<> link(
      int from, int to, const std::string& name, const struct stat& status, const fs::path& path) {
    std::array<char, 4096> text{};
    const ssize_t length = ::readlinkat(from, name.c_str(), text.data(), text.size() - 1);
    if (length < 0) return fail_errno("readlink " + path.string());
    if (::symlinkat(text.data(), to, name.c_str()) != 0) {
      return fail_errno("symlink " + path.string());
    }
    return finish_entry(to, name, status, path);
  }

  Result<> special(int to,
                   const std::string& name,
                   const struct stat& status,
                   const fs::path& path) {
    if (::mknodat(to, name.c_str(), status.st_mode, status.st_rdev) != 0) {
      return fail_errno("mknod " + path.string());
    }
    return finish_entry(to, name, status, path);
  }

  static Result<> copy_attributes(int from, int to, const fs::path& path) {
    std::string names(65'536, '\0');
    const ssize_t length = ::flistxattr(from, names.data(), names.size());
    if (length < 0) return errno == EOPNOTSUPP ? Result<>() : fail_errno("xattrs " + path.string());
    std::string value(65'536, '\0');
    for (ssize_t at = 0; at < length;) {
      const std::string name = names.c_str() + at;
      at += static_cast<ssize_t>(name.size()) + 1;
      const ssize_t size = ::fgetxattr(from, name.c_str(), value.data(), value.size());
      if (size < 0) continue;
      // What only a privileged root may set (trusted.*, security.*) is not the service's data.
      if (::fsetxattr(to, name.c_str(), value.data(), static_cast<std::size_t>(size), 0) != 0 &&
          name.starts_with("user.")) {
        return fail_errno("setting " + name + " of " + path.string());
      }
    }
    return {};
  }

  static Result<> finish(int fd, const struct stat& status, const fs::path& path) {
    const std::array times = {status.st_atim, status.st_mtim};
    if (::fchown(fd, status.st_uid, status.st_gid) != 0)
      return fail_errno("chown " + path.string());
    if (::fchmod(fd, status.st_mode & 07777U) != 0) return fail_errno("chmod " + path.string());
    if (::futimens(fd, times.data()) != 0) return fail_errno("setting times of " + path.string());
    return {};
  }

  static Result<> finish_entry(int directory,
                               const std::string& name,
                               const struct stat& status,
                               const fs::path& path) {
    const std::array times = {status.st_atim, status.st_mtim};
    if (::fchownat(directory, name.c_str(), status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW) !=
        0) {
      return fail_errno("chown " + path.string());
    }
    ::utimensat(directory, name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW);
    return {};
  }

  int root_;
  UniqueFunction<void(const CopyProgress&)> progress_;
  CopyProgress done_;
  std::map<Inode, fs::path> links_;  // where an inode with several names was copied to first
};

Result<std::uint64_t> count_bytes(int directory, const fs::path& path) {
  std::uint64_t total = 0;
  TRY_ASSIGN(const Names names, list(directory, path));
  for (const std::string& name : names) {
    TRY_ASSIGN(const struct stat status, status_of(directory, name, path / name));
    if (S_ISREG(status.st_mode)) total += static_cast<std::uint64_t>(status.st_size);
    if (!S_ISDIR(status.st_mode)) continue;
    TRY_ASSIGN(const UniqueFd inside, enter(directory, name, path / name));
    TRY_ASSIGN(const std::uint64_t below, count_bytes(inside.get(), path / name));
    total += below;
  }
  return total;
}

}  // namespace

Result<CopyProgress> copy_tree(const fs::path& from,
                               const fs::path& to,
                               UniqueFunction<void(const CopyProgress&)> progress) {
  TRY_ASSIGN(const UniqueFd source, open_file(from, O_RDONLY | O_DIRECTORY));
  std::error_code failed;
  fs::create_directories(to, failed);
  if (failed) return fail(errno_error("mkdir " + to.string(), failed.value()));
  TRY_ASSIGN(const UniqueFd target, open_file(to, O_RDONLY | O_DIRECTORY));
  TRY_ASSIGN(const std::uint64_t total, count_bytes(source.get(), {}));
  TreeCopy copy(target.get(), std::move(progress), total);
  TRY(copy.directory(source.get(), target.get(), {}));
  if (::syncfs(target.get()) != 0) return fail_errno("flushing " + to.string());
  return copy.done();
}

}  // namespace engine::ns
