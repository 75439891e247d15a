#pragma once

#include "base/result.hh"
#include "base/unique_fd.hh"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

/// Mounts by the file-descriptor API: a mount is made detached, gets all its attributes while
/// nobody can see it, and is then attached. Setting read-only after attaching would leave the copy
/// that has already propagated into a container writable.
///
/// Everything here blocks for at most a few milliseconds and may run on any thread.
namespace engine::ns {

/// What a mount allows. `userns` is a namespace from make_idmap_userns, or -1 for no idmap.
struct MountAttributes {
  bool read_only = false;
  bool nosuid = true;
  bool nodev = true;
  int userns = -1;
};

/// A detached copy of the tree mounted at or below `source` with `attributes` set on all of it.
/// It belongs to no peer group: later mounts below `source` do not appear in it.
/// ERRORS: Errc::not_found, Errc::block_device if the filesystem takes no idmap.
Result<UniqueFd> clone_tree(const std::filesystem::path& source, const MountAttributes& attributes);

/// Sets `attributes` on a detached mount. `what` names it in the error.
/// ERRORS: Errc::block_device if the filesystem takes no idmap.
Result<> set_attributes(int mount, const MountAttributes& attributes, std::string_view what);

/// A detached mount of a new filesystem of `type`; `options` are key and value pairs.
struct FilesystemOption {
  const char* key;
  std::string value;
};
Result<UniqueFd> make_filesystem(const char* type,
                                 const std::vector<FilesystemOption>& options,
                                 bool read_only);

/// Attaches a detached mount at a directory or file.
Result<> attach(int mount, const std::filesystem::path& target);
/// The same where the target was opened (O_PATH), so that nobody can exchange it under way.
Result<> attach_at(int mount, int target);

/// Makes the mount at `target` and all below it shared, so that mounts made there later propagate.
Result<> make_rshared(const std::filesystem::path& target);

}  // namespace engine::ns
