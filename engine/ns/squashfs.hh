#pragma once

#include "base/result.hh"
#include "base/unique_fd.hh"
#include "ns/idmap.hh"
#include "ns/loop_device.hh"

#include <cstdint>
#include <filesystem>
#include <string>

namespace engine::ns {

/// A detached read-only mount of the squashfs in `region` (nosuid, nodev), idmapped if `userns` is
/// not -1. The loop device under it ends with the last mount.
/// ERRORS: Errc::disk_corrupted unless `region` holds a whole squashfs 4.0; those of attach_loop;
/// Errc::block_device where the kernel gives squashfs no idmapped mounts (before 6.2): use
/// unpack_shifted there.
Result<UniqueFd> mount_squashfs(const FileRegion& region, int userns);

/// True if the kernel gives the squashfs in `region` idmapped mounts. The answer is the same for
/// all images: ask once.
Result<bool> squashfs_takes_idmap(const FileRegion& region, int userns);

/// Unpacks an image into `cache/<key>-<base>` with every owner shifted into `ids`, unless it is
/// there already, and gives that directory. `key` names the content (a hash): equal key, equal
/// image. An interrupted unpacking leaves nothing that counts. Blocks for as long as unpacking
/// takes; any thread. File capabilities are lost.
/// ERRORS: Errc::disk_corrupted; Errc::filesystem with what unsquashfs said.
Result<std::filesystem::path> unpack_shifted(const FileRegion& region,
                                             const std::filesystem::path& cache,
                                             const std::string& key,
                                             IdRange ids);

}  // namespace engine::ns
