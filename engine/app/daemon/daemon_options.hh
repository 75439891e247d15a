#pragma once

#include "app/paths.hh"
#include "base/log.hh"

#include <cstddef>
#include <filesystem>
#include <string>

namespace engine::app {

/// How a daemon runs. Value type.
struct DaemonOptions {
  Paths paths;
  std::filesystem::path scripts;  ///< shipped scripts
  std::size_t workers = 1;
  std::size_t blocking_threads = 4;
  std::size_t offload_threads = 8;
  int ready_fd = -1;  ///< told how far the start is; -1: nobody asked
  log::Level log_level = log::Level::info;
};

/// cores − 1, at least 1, at most 4 (design, section 3).
std::size_t default_workers();

}  // namespace engine::app
