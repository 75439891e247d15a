#pragma once

#include "base/result.hh"
#include "base/time.hh"
#include "lxc/container_spec.hh"
#include "ns/idmap.hh"
#include "ns/loop_device.hh"

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <string_view>

/// The container's file tree: the overlay it boots from and what the host mounts into it before or
/// after its start. Mounts made on the host below the root appear inside at once. Blocking; for
/// the offload pool.
namespace engine::lxc {

/// Builds the root: base image (idmapped, or unpacked where the kernel cannot), a fresh overlay
/// over it, hostname and hosts files, the rpc directory. What an earlier run left there is removed
/// first, so it may be called at any time the container does not run.
/// ERRORS: Errc::permission_denied when the directories above cannot be entered by the container.
Result<> prepare_root(const ContainerSpec& spec, ns::UserNamespaces& namespaces);

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

/// Makes it as if the container had never been: stops it, unmounts all, removes cgroups, link, run
/// and state directories. Goes on after a failure and reports the first. Idempotent.
Result<> teardown(const ContainerSpec& spec, Milliseconds grace);

}  // namespace engine::lxc
