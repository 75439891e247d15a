#pragma once

#include "base/result.hh"
#include "base/unique_fd.hh"

#include <cstdint>
#include <filesystem>

namespace engine::ns {

/// A part of a file: a squashfs of its own, or one inside an archive. Value type.
struct FileRegion {
  std::filesystem::path file;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;  ///< 0: to the end of the file
};

/// A read-only block device over a file region. Resource type, movable.
struct LoopDevice {
  UniqueFd fd;
  std::filesystem::path node;  ///< /dev/loopN
};

/// Finds the loop device that already shows `region`, or sets one up. Sharing a device shares the
/// page cache of all mounts of one image. The device is released by the kernel when its last mount
/// and descriptor are gone: nothing to clean up, also not after a crash.
/// ERRORS: Errc::not_found, Errc::disk_not_available if the region reaches past the end of the
/// file, Errc::block_device if no loop device can be had.
Result<LoopDevice> attach_loop(const FileRegion& region);

}  // namespace engine::ns
