#pragma once

#include "base/result.hh"
#include "base/unique_fd.hh"

#include <filesystem>
#include <string>

/// Paths inside an image. Its symbolic links are followed as a process with that root would follow
/// them: an absolute one starts again at `root`, and no number of ".." leads out.
namespace engine::ns {

/// Opens `path` with openat2(RESOLVE_IN_ROOT). ERRORS: Errc::not_found and as errno_error.
Result<UniqueFd> open_in_root(int root, const std::filesystem::path& path, int flags);

/// Opens directory `path` (O_PATH), making what is missing with mode 0755.
Result<UniqueFd> make_directories_in_root(int root, const std::filesystem::path& path);

/// Opens file `path` (O_PATH), making it empty if it is missing.
Result<UniqueFd> make_file_in_root(int root, const std::filesystem::path& path);

/// Replaces the content of regular file `path`, made with mode 0644 if it is missing.
Result<> write_file_in_root(int root, const std::filesystem::path& path, std::string_view content);

/// The content of regular file `path`. ERRORS: Errc::filesystem past `max_size`.
Result<std::string> read_file_in_root(int root,
                                      const std::filesystem::path& path,
                                      std::size_t max_size = 1UL << 20U);

}  // namespace engine::ns
