#pragma once

#include "base/unique_fd.hh"

#include <sys/types.h>

#include <cstdint>

namespace engine::ns {

/// Opens `path`, sought from the directory `root` as the RESOLVE_… of openat2(2) say;
/// close-on-exec. Empty when it fails, with `errno` as it left it. Private to this room.
UniqueFd open_resolved(
    int root, const char* path, std::uint64_t resolve, int flags, mode_t mode = 0);

}  // namespace engine::ns
