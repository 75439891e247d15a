#pragma once

#include "base/result.hh"
#include "base/time.hh"

#include <string>
#include <vector>

namespace engine::ns {

/// How a command is run.
struct CommandOptions {
  int stdin_fd = -1;                          ///< -1: /dev/null
  Milliseconds timeout{60'000};               ///< then the command is killed
  std::vector<std::string> environment = {};  ///< K=V; empty: a plain PATH only
};

/// Runs a program (sought in PATH, no shell), waits for its end and gives its standard output and
/// error together, the last 64 KiB of it. Blocks; for the offload pool, not for a loop. Descriptors
/// of this process reach the program only if they lack CLOEXEC.
/// ERRORS: Errc::not_found if there is no such program, Errc::timeout; Errc::filesystem with the
/// output as `debug` if it ends with a status other than 0.
Result<std::string> run_command(const std::vector<std::string>& argv,
                                const CommandOptions& options = {});

/// Waits until the process behind `pidfd` has ended. ERRORS: Errc::timeout.
Result<> wait_for_exit(int pidfd, Milliseconds timeout);

}  // namespace engine::ns
