#include "lxc/image.hh"

#include "ns/mount.hh"
#include "ns/squashfs.hh"

namespace engine::lxc {

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
  TRY_ASSIGN(const std::filesystem::path tree,
             ns::unpack_shifted(image, spec.unpack_cache, key, spec.ids));
  return ns::clone_tree(tree, {.read_only = true});
}

}  // namespace engine::lxc
