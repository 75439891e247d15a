#pragma once

#include "base/result.hh"
#include "lxc/container_spec.hh"
#include "ns/idmap.hh"
#include "ns/loop_device.hh"

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>

/// What the host puts into a prepared root, before or after the start: mounts made below the root
/// appear inside at once. The container's root may change its tree at any time, so no link in it is
/// ever followed. Blocking; for the offload pool.
namespace engine::lxc {

/// Binds a host directory at `target` (relative to the container's root), owners shifted into the
/// container's range. For volumes, logs and backup targets. Mounting over the same target again is
/// refused (Errc::duplicate).
Result<> mount_directory(const ContainerSpec& spec,
                         ns::UserNamespaces& namespaces,
                         const std::filesystem::path& source,
                         const std::filesystem::path& target,
                         bool read_only);

/// Mounts a squashfs (a file or a region of a package file) read-only at `target`, nosuid and
/// nodev. `key` names its content for the unpack cache.
Result<> mount_image(const ContainerSpec& spec,
                     ns::UserNamespaces& namespaces,
                     const ns::FileRegion& image,
                     const std::string& key,
                     const std::filesystem::path& target);

/// Takes away what is mounted at `target`, also while it is in use. Nothing there is success.
Result<> unmount(const ContainerSpec& spec, const std::filesystem::path& target);

/// Writes a small file into the root, owned by the container's root.
Result<> write_file(const ContainerSpec& spec,
                    const std::filesystem::path& target,
                    std::string_view content,
                    mode_t mode = 0644);

/// A writable root for a subcontainer: an overlay over the image mounted at
/// media/startos/images/IMAGE, at media/startos/subcontainers/GUID. Its changes lie in the state
/// directory until it is removed or the container's root is prepared anew. Gives the path as the
/// container sees it. ERRORS: Errc::not_found for an image that is not mounted;
/// Errc::invalid_params for names that are no names.
Result<std::filesystem::path> make_subcontainer_root(const ContainerSpec& spec,
                                                     const std::string& image,
                                                     const std::string& guid);

/// Unmounts and removes it. None there is success.
Result<> remove_subcontainer_root(const ContainerSpec& spec, const std::string& guid);

}  // namespace engine::lxc
