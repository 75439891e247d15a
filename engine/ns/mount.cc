#include "ns/mount.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>

namespace engine::ns {
namespace {

mount_attr to_kernel(const MountAttributes& attributes) {
  mount_attr attr{};
  if (attributes.read_only) attr.attr_set |= MOUNT_ATTR_RDONLY;
  if (attributes.nosuid) attr.attr_set |= MOUNT_ATTR_NOSUID;
  if (attributes.nodev) attr.attr_set |= MOUNT_ATTR_NODEV;
  if (attributes.userns >= 0) {
    attr.attr_set |= MOUNT_ATTR_IDMAP;
    attr.userns_fd = static_cast<std::uint64_t>(attributes.userns);
  }
  attr.propagation = MS_PRIVATE;
  return attr;
}

// What the kernel has to say about a file system context, one message per read.
std::string context_messages(int context) {
  std::string all;
  char line[512];
  while (true) {
    const ssize_t got = ::read(context, line, sizeof line);
    if (got <= 0) return all;
    if (!all.empty()) all += "; ";
    all.append(line, static_cast<std::size_t>(got));
    while (!all.empty() && all.back() == '\n')
      all.pop_back();
  }
}

tl::unexpected<Error> fail_context(int context, std::string_view what) {
  Error error = errno_error(what, errno);
  error.debug = context_messages(context);
  if (!error.debug.empty()) error.message += " (" + error.debug + ")";
  return fail(std::move(error));
}

}  // namespace

Result<> set_attributes(int mount, const MountAttributes& attributes, std::string_view what) {
  mount_attr attr = to_kernel(attributes);
  if (::mount_setattr(mount, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof attr) == 0) return {};
  if (errno == EINVAL && attributes.userns >= 0) {
    return fail(Error{.code = Errc::block_device,
                      .message = fmt::format("{}: its filesystem takes no idmapped mount", what),
                      .hint = "use a newer kernel, or keep it on ext4, xfs or btrfs"});
  }
  return fail_errno(fmt::format("setting mount attributes of {}", what));
}

Result<UniqueFd> clone_tree(const std::filesystem::path& source,
                            const MountAttributes& attributes) {
  UniqueFd tree(
      ::open_tree(AT_FDCWD, source.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE));
  if (!tree) return fail_errno("cloning the mount of " + source.string());
  TRY(set_attributes(tree.get(), attributes, source.string()));
  return tree;
}

Result<UniqueFd> make_filesystem(const char* type,
                                 const std::vector<FilesystemOption>& options,
                                 bool read_only) {
  const UniqueFd context(::fsopen(type, FSOPEN_CLOEXEC));
  if (!context) return fail_errno(fmt::format("opening filesystem {}", type));
  for (const auto& [key, value] : options) {
    if (::fsconfig(context.get(), FSCONFIG_SET_STRING, key, value.c_str(), 0) != 0) {
      return fail_context(context.get(), fmt::format("{} option {}={}", type, key, value));
    }
  }
  if (read_only && ::fsconfig(context.get(), FSCONFIG_SET_FLAG, "ro", nullptr, 0) != 0) {
    return fail_context(context.get(), fmt::format("{} option ro", type));
  }
  if (::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
    return fail_context(context.get(), fmt::format("making filesystem {}", type));
  }
  const unsigned attributes = read_only ? MOUNT_ATTR_RDONLY : 0U;
  UniqueFd mount(::fsmount(context.get(), FSMOUNT_CLOEXEC, attributes));
  if (!mount) return fail_context(context.get(), fmt::format("mounting {}", type));
  return mount;
}

Result<> attach(int mount, const std::filesystem::path& target) {
  if (::move_mount(mount, "", AT_FDCWD, target.c_str(), MOVE_MOUNT_F_EMPTY_PATH) == 0) return {};
  return fail_errno("attaching a mount at " + target.string());
}

Result<> attach_at(int mount, int target) {
  const unsigned flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;
  if (::move_mount(mount, "", target, "", flags) == 0) return {};
  return fail_errno("attaching a mount");
}

Result<> make_rshared(const std::filesystem::path& target) {
  if (::mount(nullptr, target.c_str(), nullptr, MS_REC | MS_SHARED, nullptr) == 0) return {};
  return fail_errno("making " + target.string() + " shared");
}

}  // namespace engine::ns
