#pragma once

#include "base/result.hh"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace engine::ns {

/// One line of /proc/self/mountinfo.
struct MountEntry {
  std::filesystem::path point;  ///< as the kernel spells it: no symbolic links
  std::string type;
  std::string source;
  std::string root;     ///< the directory of the filesystem that is mounted
  std::string options;  ///< of the filesystem (super block)
};

/// Reads a table in the format of mountinfo; lines it does not understand are left out.
std::vector<MountEntry> parse_mountinfo(std::string_view text);

/// All mounts of the calling process's mount namespace, oldest first.
Result<std::vector<MountEntry>> read_mounts();

/// The mounts at `target` and below it, in the order of the table.
Result<std::vector<MountEntry>> mounts_under(const std::filesystem::path& target);

/// True if something is mounted exactly at `target`.
Result<bool> is_mount_point(const std::filesystem::path& target);

/// Unmounts everything at `target` and below it, newest and deepest first, stacked mounts too; what
/// is in use is detached and goes with its last user. Nothing mounted there is success.
Result<> unmount_tree(const std::filesystem::path& target);

}  // namespace engine::ns
