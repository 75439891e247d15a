#pragma once

#include "base/result.hh"

#include <sys/types.h>

#include <cstdint>

namespace engine::ns {

/// What one process costs, in bytes, from /proc/PID/smaps_rollup.
struct ProcessMemory {
  std::uint64_t rss = 0;
  std::uint64_t pss = 0;  ///< shared pages divided among those who share them
  std::uint64_t private_dirty = 0;
};

/// ERRORS: Errc::not_found if the process is gone, Errc::permission_denied.
Result<ProcessMemory> read_process_memory(pid_t pid);

}  // namespace engine::ns
