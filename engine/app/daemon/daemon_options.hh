#pragma once

#include "app/daemon/settings.hh"
#include "base/result.hh"
#include "instance/paths.hh"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace engine::app {

/// How a daemon runs. Value type.
struct DaemonOptions {
  instance::Paths paths;
  std::filesystem::path scripts;       ///< shipped scripts
  std::optional<Error> scripts_fault;  ///< they were not found
  Settings settings;
  std::size_t blocking_threads = 4;
  std::size_t offload_threads = 8;
  std::vector<std::string> command;  ///< what starts this daemon again
  int restarts = 0;                  ///< by the last wall, since one was ready
  int ready_fd = -1;                 ///< told how far the start is; -1: nobody asked
  bool ends_with_terminal = false;   ///< SIGHUP of a terminal that is gone stops it
};

}  // namespace engine::app
