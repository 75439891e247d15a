#pragma once

#include "base/result.hh"
#include "base/unique_fd.hh"

#include <sys/types.h>

#include <filesystem>
#include <string_view>

/// Paths inside a tree that somebody else may change at any time. A container's root can put a
/// symbolic link where the host is about to mount or write; nothing here follows one, or leaves the
/// tree by "..".
namespace engine::ns {

/// The user and group that what is made here belongs to.
struct Owner {
  uid_t uid = 0;
  gid_t gid = 0;
};

/// Opens `path` (relative) below `root`. ERRORS: Errc::not_found; Errc::permission_denied if a
/// symbolic link or ".." is met.
Result<UniqueFd> open_beneath(int root, const std::filesystem::path& path, int flags);

/// Makes the missing directories of `path` with mode 0755 and opens the last one (O_PATH).
Result<UniqueFd> make_directories_beneath(int root, const std::filesystem::path& path, Owner owner);

/// Puts a new file with `content` at `path`, replacing what is there if it is not a directory.
Result<> write_file_beneath(int root,
                            const std::filesystem::path& path,
                            std::string_view content,
                            Owner owner,
                            mode_t mode = 0644);

}  // namespace engine::ns
