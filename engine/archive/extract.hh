#pragma once

#include "archive/archive.hh"

#include <cstdint>
#include <filesystem>

namespace engine::archive {

/// Verifies the file at `path` while copying it, and only then lets it appear as `destination`
/// (replacing what was there). ERRORS: as Archive::verify; as errno_error.
Result<> extract_file(const Archive& archive,
                      std::string_view path,
                      const std::filesystem::path& destination,
                      unsigned mode = 0644,
                      const crypto::HashOptions& options = {});

/// What `extract_tree` wrote.
struct ExtractReport {
  std::uint64_t files = 0;
  std::uint64_t directories = 0;
  std::uint64_t bytes = 0;
};

/// Writes everything that is present below `folder`, which must be absent or empty. Nothing is
/// followed and nothing replaced on the way: a name that leads to something already there, be it by
/// folding its case, is an error. After one, nothing of what was written is left, nor `folder` if
/// it was made here. ERRORS: as Archive::walk and Archive::verify; Errc::duplicate if `folder` is
/// not empty; Errc::validate_s9pk if shared sections would be written more than 16 times over; as
/// errno_error.
Result<ExtractReport> extract_tree(const Archive& archive,
                                   const std::filesystem::path& folder,
                                   const crypto::HashOptions& options = {});

}  // namespace engine::archive
