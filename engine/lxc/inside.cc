#include "lxc/inside.hh"

#include "base/file.hh"
#include "lxc/image.hh"
#include "ns/beneath.hh"
#include "ns/mount.hh"
#include "ns/mount_table.hh"
#include "ns/overlay.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>

namespace engine::lxc {
namespace {

namespace fs = std::filesystem;

ns::Owner owner_of(const ContainerSpec& spec) {
  return {spec.ids.base, spec.ids.base};
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

bool is_name(const std::string& text) {
  return !text.empty() && text.front() != '.' && text.find('/') == std::string::npos;
}

fs::path subcontainer_state(const ContainerSpec& spec, const std::string& guid) {
  return spec.state_dir / "subcontainers" / guid;
}

fs::path subcontainer_point(const std::string& guid) {
  return fs::path("media/startos/subcontainers") / guid;
}

}  // namespace

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

Result<fs::path> make_subcontainer_root(const ContainerSpec& spec,
                                        const std::string& image,
                                        const std::string& guid) {
  if (!is_name(image) || !is_name(guid)) {
    return fail(Errc::invalid_params, fmt::format("'{}' or '{}' is no name", image, guid));
  }
  const fs::path images = "media/startos/images";
  TRY_ASSIGN(const bool known, ns::is_mount_point(spec.root() / images / image));
  if (!known) return fail(Errc::not_found, fmt::format("there is no image '{}'", image));
  TRY_ASSIGN(const UniqueFd root, open_root(spec));
  TRY_ASSIGN(const UniqueFd lower,
             ns::open_beneath(root.get(), images / image, O_PATH | O_DIRECTORY));
  const fs::path state = subcontainer_state(spec, guid);
  TRY_ASSIGN(const UniqueFd overlay,
             ns::make_overlay({.lower = fmt::format("/proc/self/fd/{}", lower.get()),
                               .upper = state / "upper",
                               .work = state / "work",
                               .owner = owner_of(spec)}));
  TRY(attach_inside(spec, overlay.get(), subcontainer_point(guid)));
  return "/" / subcontainer_point(guid);
}

Result<> remove_subcontainer_root(const ContainerSpec& spec, const std::string& guid) {
  if (!is_name(guid)) return fail(Errc::invalid_params, fmt::format("'{}' is no name", guid));
  TRY(unmount(spec, subcontainer_point(guid)));
  TRY_ASSIGN(const UniqueFd root, open_root(spec));
  auto parent = ns::open_beneath(root.get(), subcontainer_point(guid).parent_path(), O_PATH);
  if (parent) (void)::unlinkat(parent->get(), guid.c_str(), AT_REMOVEDIR);
  std::error_code error;
  fs::remove_all(subcontainer_state(spec, guid), error);
  if (error) return fail(errno_error("removing a subcontainer", error.value()));
  return {};
}

}  // namespace engine::lxc
