#pragma once

#include "base/result.hh"
#include "base/unique_fd.hh"

#include <filesystem>
#include <string>
#include <string_view>

namespace engine {

/// Reads a whole regular file. ERRORS: as errno_error; Errc::filesystem past `max_size` bytes.
Result<std::string> read_file(const std::filesystem::path& path,
                              std::size_t max_size = 64UL << 20U);

/// Replaces `path` in one step: temporary sibling, fsync, rename, fsync of the directory.
/// `mode` are the permission bits of the new file.
Result<> write_file_atomic(const std::filesystem::path& path,
                           std::string_view content,
                           unsigned mode = 0644);

/// Removes the temporary siblings that processes which are gone have left in `folder`, or this
/// one's number if it has written nothing there yet. What cannot be removed stays.
void remove_stale_temporaries(const std::filesystem::path& folder);

/// Opens with O_CLOEXEC added.
Result<UniqueFd> open_file(const std::filesystem::path& path, int flags, unsigned mode = 0);

/// Writes all of `content`, continuing after short writes and EINTR.
Result<> write_all(int fd, std::string_view content);

}  // namespace engine
