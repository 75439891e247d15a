#pragma once

#include "base/result.hh"
#include "base/unique_fd.hh"
#include "lxc/container_spec.hh"
#include "ns/idmap.hh"
#include "ns/loop_device.hh"

#include <string>

namespace engine::lxc {

/// A detached read-only tree with the content of a squashfs, its owners shifted into the
/// container's range: an idmapped mount, or a bind of the unpacked image where the kernel has none
/// or the spec says so. `key` names the content for the unpack cache.
Result<UniqueFd> open_image(const ContainerSpec& spec,
                            ns::UserNamespaces& namespaces,
                            const ns::FileRegion& image,
                            const std::string& key);

}  // namespace engine::lxc
