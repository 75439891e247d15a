#include "lxc/root.hh"

#include "base/file.hh"
#include "lxc/container.hh"
#include "ns/beneath.hh"
#include "ns/mount.hh"
#include "ns/mount_table.hh"
#include "ns/overlay.hh"
#include "ns/squashfs.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace engine::lxc {
namespace {

namespace fs = std::filesystem;

ns::Owner owner_of(const ContainerSpec& spec) {
  return {spec.ids.base, spec.ids.base};
}

// The container's root, seen from outside, must be able to walk through: 0711.
Result<> make_passage(const fs::path& directory) {
  std::error_code error;
  if (fs::exists(directory, error)) return {};
  if (directory.has_parent_path()) TRY(make_passage(directory.parent_path()));
  if (::mkdir(directory.c_str(), 0711) != 0 && errno != EEXIST) {
    return fail_errno("mkdir " + directory.string());
  }
  ::chmod(directory.c_str(), 0711);
  return {};
}

Result<> check_passage(const fs::path& directory) {
  fs::path at;
  for (const auto& part : directory) {
    at /= part;
    struct stat info {};
    if (::stat(at.c_str(), &info) != 0) return fail_errno("stat " + at.string());
    if ((info.st_mode & S_IXOTH) != 0) continue;
    return fail(Error{.code = Errc::permission_denied,
                      .message = fmt::format("{} cannot be entered by a container", at.string()),
                      .hint = fmt::format("chmod o+x {}", at.string())});
  }
  return {};
}

Result<> wipe(const fs::path& directory) {
  std::error_code error;
  fs::remove_all(directory, error);
  if (error) return fail(errno_error("removing " + directory.string(), error.value()));
  return {};
}

// A detached tree with the image, owners shifted, whatever the kernel can.
Result<UniqueFd> open_image(const ContainerSpec& spec,
                            ns::UserNamespaces& namespaces,
                            const ns::FileRegion& image,
                            const std::string& key) {
  if (!spec.unpack) {
    TRY_ASSIGN(const int userns, namespaces.get(spec.ids));
    auto mounted = ns::mount_squashfs(image, userns);
    const bool refused = !mounted && mounted.error().code == Errc::block_device;
    if (!refused || spec.unpack_cache.empty()) return mounted;
  }
  TRY_ASSIGN(const fs::path tree, ns::unpack_shifted(image, spec.unpack_cache, key, spec.ids));
  return ns::clone_tree(tree, {.read_only = true});
}

Result<> mount_root(const ContainerSpec& spec, ns::UserNamespaces& namespaces) {
  const fs::path lower = spec.run_dir / "lower";
  for (const auto& point : {lower, spec.root()})
    TRY(make_passage(point));
  {
    TRY_ASSIGN(const UniqueFd image,
               open_image(spec, namespaces, {.file = spec.image}, spec.image_key));
    TRY(ns::attach(image.get(), lower));
  }
  auto overlay = ns::make_overlay({.lower = lower,
                                   .upper = spec.state_dir / "upper",
                                   .work = spec.state_dir / "work",
                                   .owner = owner_of(spec)});
  TRY(ns::unmount_tree(lower));  // the overlay holds its own reference
  if (!overlay) return fail(std::move(overlay).error());
  TRY(ns::attach(overlay->get(), spec.root()));
  return ns::make_rshared(spec.root());
}

Result<> write_identity(const ContainerSpec& spec) {
  const std::string name = spec.hostname.empty() ? spec.name : spec.hostname;
  TRY(write_file(spec, "etc/hostname", name + "\n"));
  return write_file(spec,
                    "etc/hosts",
                    fmt::format("127.0.0.1 localhost\n127.0.1.1 {}\n"
                                "::1 localhost ip6-localhost ip6-loopback\n",
                                name));
}

Result<> make_rpc_directory(const ContainerSpec& spec) {
  const fs::path directory = spec.rpc_dir();
  TRY(wipe(directory));
  if (::mkdir(directory.c_str(), 0700) != 0) return fail_errno("mkdir " + directory.string());
  if (::chown(directory.c_str(), spec.ids.base, spec.ids.base) != 0) {
    return fail_errno("chown " + directory.string());
  }
  return {};
}

Result<UniqueFd> open_root(const ContainerSpec& spec) {
  TRY_ASSIGN(const bool mounted, ns::is_mount_point(spec.root()));
  if (!mounted) {
    return fail(Errc::not_found, fmt::format("container {} has no root mounted", spec.name));
  }
  return open_file(spec.root(), O_PATH | O_DIRECTORY);
}

Result<> attach_inside(const ContainerSpec& spec, int mount, const fs::path& target) {
  TRY_ASSIGN(const bool taken, ns::is_mount_point(spec.root() / target));
  if (taken) {
    return fail(Errc::duplicate, fmt::format("{} is mounted already", target.string()));
  }
  TRY_ASSIGN(const UniqueFd root, open_root(spec));
  TRY_ASSIGN(const UniqueFd point,
             ns::make_directories_beneath(root.get(), target, owner_of(spec)));
  return ns::attach_at(mount, point.get());
}

// Mount points are removed as empty directories only: should a mount be left after all, what it
// shows is somebody's data.
Result<> remove_run_directory(const ContainerSpec& spec) {
  TRY(ns::unmount_tree(spec.run_dir));
  for (const auto& point : {spec.root(), spec.run_dir / "lower"}) {
    if (::rmdir(point.c_str()) != 0 && errno != ENOENT) {
      return fail_errno("removing " + point.string());
    }
  }
  TRY(wipe(spec.rpc_dir()));
  if (::rmdir(spec.run_dir.c_str()) != 0 && errno != ENOENT && errno != ENOTEMPTY) {
    return fail_errno("removing " + spec.run_dir.string());
  }
  return {};
}

}  // namespace

Result<> prepare_root(const ContainerSpec& spec, ns::UserNamespaces& namespaces) {
  TRY(check_spec(spec));
  TRY(ns::unmount_tree(spec.run_dir));
  TRY(wipe(spec.state_dir / "upper"));
  TRY(wipe(spec.state_dir / "work"));
  for (const auto& directory : {spec.run_dir, spec.lxcpath})
    TRY(make_passage(directory));
  TRY(check_passage(spec.run_dir));
  TRY(make_rpc_directory(spec));
  TRY(mount_root(spec, namespaces));
  return write_identity(spec);
}

Result<> mount_directory(const ContainerSpec& spec,
                         ns::UserNamespaces& namespaces,
                         const fs::path& source,
                         const fs::path& target,
                         bool read_only) {
  TRY_ASSIGN(const int userns, namespaces.get(spec.ids));
  TRY_ASSIGN(const UniqueFd tree,
             ns::clone_tree(source, {.read_only = read_only, .userns = userns}));
  return attach_inside(spec, tree.get(), target);
}

Result<> mount_image(const ContainerSpec& spec,
                     ns::UserNamespaces& namespaces,
                     const ns::FileRegion& image,
                     const std::string& key,
                     const fs::path& target) {
  TRY_ASSIGN(const UniqueFd tree, open_image(spec, namespaces, image, key));
  return attach_inside(spec, tree.get(), target);
}

Result<> unmount(const ContainerSpec& spec, const fs::path& target) {
  TRY_ASSIGN(const UniqueFd root, open_root(spec));
  // By descriptor: the container may exchange a directory on the way for a link.
  auto point = ns::open_beneath(root.get(), target, O_PATH | O_DIRECTORY);
  if (!point && point.error().code == Errc::not_found) return {};
  if (!point) return fail(std::move(point).error());
  const std::string path = fmt::format("/proc/self/fd/{}", point->get());
  if (::umount2(path.c_str(), MNT_DETACH) == 0 || errno == EINVAL) return {};
  return fail_errno("unmounting " + target.string());
}

Result<> write_file(const ContainerSpec& spec,
                    const fs::path& target,
                    std::string_view content,
                    mode_t mode) {
  TRY_ASSIGN(const UniqueFd root, open_root(spec));
  return ns::write_file_beneath(root.get(), target, content, owner_of(spec), mode);
}

Result<> teardown(const ContainerSpec& spec, Milliseconds grace) {
  TRY(check_spec(spec));
  Result<> first;
  const auto keep_first = [&](Result<> step) {
    if (first && !step) first = std::move(step);
  };
  keep_first(stop(spec.name, spec.lxcpath, grace));
  keep_first(remove_run_directory(spec));
  keep_first(remove_leftovers(spec));
  keep_first(wipe(spec.state_dir));
  return first;
}

}  // namespace engine::lxc
