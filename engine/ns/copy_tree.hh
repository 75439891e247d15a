#pragma once

#include "base/result.hh"
#include "loop/completion.hh"

#include <cstdint>
#include <filesystem>

namespace engine::ns {

/// How far a copy is.
struct CopyProgress {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t total_bytes = 0;
};

/// Makes directory `to` equal to directory `from`: content, modes, owners, modification times,
/// symbolic links, hard links inside the tree, extended attributes. What `to` has beyond that is
/// removed. Sockets are skipped. Blocks; `progress` is called after every file and every 8 MiB.
/// ERRORS: the first that happens, naming the path; `to` is then incomplete.
Result<CopyProgress> copy_tree(const std::filesystem::path& from,
                               const std::filesystem::path& to,
                               UniqueFunction<void(const CopyProgress&)> progress);

}  // namespace engine::ns
