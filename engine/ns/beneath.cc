#include "ns/beneath.hh"

#include "base/file.hh"
#include "ns/open_resolved.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace engine::ns {
namespace {

UniqueFd openat_beneath(int root, const char* path, int flags, mode_t mode = 0) {
  return open_resolved(
      root, path, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS, flags, mode);
}

tl::unexpected<Error> fail_open(const std::filesystem::path& path) {
  if (errno == ELOOP || errno == EXDEV) {
    return fail(Errc::permission_denied,
                fmt::format("{} leads out of the container's root", path.string()));
  }
  return fail_errno("open " + path.string());
}

Result<UniqueFd> step_into(int directory, const std::filesystem::path& name, Owner owner) {
  UniqueFd next = openat_beneath(directory, name.c_str(), O_PATH | O_DIRECTORY);
  if (next) return next;
  if (errno != ENOENT) return fail_open(name);
  if (::mkdirat(directory, name.c_str(), 0755) != 0 && errno != EEXIST) {
    return fail_errno("mkdir " + name.string());
  }
  if (::fchownat(directory, name.c_str(), owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW) != 0) {
    return fail_errno("chown " + name.string());
  }
  next = openat_beneath(directory, name.c_str(), O_PATH | O_DIRECTORY);
  if (!next) return fail_open(name);
  return next;
}

}  // namespace

Result<UniqueFd> open_beneath(int root, const std::filesystem::path& path, int flags) {
  UniqueFd fd = openat_beneath(root, path.c_str(), flags);
  if (!fd) return fail_open(path);
  return fd;
}

Result<UniqueFd> make_directories_beneath(int root,
                                          const std::filesystem::path& path,
                                          Owner owner) {
  TRY_ASSIGN(UniqueFd at, open_beneath(root, ".", O_PATH | O_DIRECTORY));
  for (const auto& name : path) {
    if (name.empty() || name == ".") continue;
    TRY_ASSIGN(at, step_into(at.get(), name, owner));
  }
  return at;
}

Result<> write_file_beneath(int root,
                            const std::filesystem::path& path,
                            std::string_view content,
                            Owner owner,
                            mode_t mode) {
  TRY_ASSIGN(const UniqueFd parent, make_directories_beneath(root, path.parent_path(), owner));
  const auto name = path.filename();
  if (::unlinkat(parent.get(), name.c_str(), 0) != 0 && errno != ENOENT) {
    return fail_errno("replacing " + path.string());
  }
  const UniqueFd file =
      openat_beneath(parent.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL, mode);
  if (!file) return fail_open(path);
  TRY(write_all(file.get(), content));
  if (::fchown(file.get(), owner.uid, owner.gid) != 0) return fail_errno("chown " + path.string());
  if (::fchmod(file.get(), mode) != 0) return fail_errno("chmod " + path.string());
  return {};
}

}  // namespace engine::ns
