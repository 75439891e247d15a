#include "lxc/root.hh"

#include "base/file.hh"
#include "lxc/container.hh"
#include "lxc/image.hh"
#include "lxc/inside.hh"
#include "ns/mount.hh"
#include "ns/mount_table.hh"
#include "ns/overlay.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace engine::lxc {
namespace {

namespace fs = std::filesystem;

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
                                   .owner = {spec.ids.base, spec.ids.base}});
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
  for (const char* layer : {"upper", "work", "subcontainers"})
    TRY(wipe(spec.state_dir / layer));
  for (const auto& directory : {spec.run_dir, spec.lxcpath})
    TRY(make_passage(directory));
  TRY(check_passage(spec.run_dir));
  TRY(make_rpc_directory(spec));
  TRY(mount_root(spec, namespaces));
  return write_identity(spec);
}

Result<> teardown(const ContainerSpec& spec, Milliseconds grace) {
  TRY(check_places(spec));
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
