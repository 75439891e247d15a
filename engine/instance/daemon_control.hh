#pragma once

#include "base/result.hh"
#include "base/time.hh"
#include "instance/paths.hh"
#include "json/value.hh"

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace engine::instance {

/// Starting, stopping and asking after the daemon of one instance. All functions block the calling
/// thread; use them on the offload pool.

struct StartOptions {
  Paths paths;
  std::filesystem::path program;       ///< the moonbox executable
  std::vector<std::string> arguments;  ///< further ones for `moond run`
  Milliseconds timeout{15'000};
};

struct StartReport {
  bool already_running = false;
  pid_t pid = 0;
  std::optional<Error> fault = {};  ///< it serves only to say what keeps it from starting
};

/// Starts `moond run` in the background and returns when it is ready, or when somebody else's is.
/// ERRORS: what the daemon reported; its exit status as a kind, with the last lines of its boot log
/// in `info` as {"bootLog": [...]}; Errc::timeout naming the last phase it reached.
Result<StartReport> start(const StartOptions& options);

struct StopOptions {
  Paths paths;
  Milliseconds timeout{35'000};  ///< for the orderly way; the daemon's own ceiling is 30 s
};

enum class StopMethod : std::uint8_t { not_running, request, terminate, kill };

struct StopReport {
  StopMethod method = StopMethod::not_running;
  pid_t pid = 0;
};

/// Asks the daemon to shut down and waits until its process has ended; where asking does not help,
/// SIGTERM, then SIGKILL. ERRORS: Errc::permission_denied; Errc::timeout when even that failed.
Result<StopReport> stop(const StopOptions& options);

enum class State : std::uint8_t { stopped, running, silent };

/// `silent`: a process holds the instance but does not answer (starting, stopping or hung).
struct Status {
  State state = State::stopped;
  pid_t pid = 0;
  std::string version;  ///< as its lock file says
  json::Value info;     ///< the daemon's own answer to `server.info`
};

/// ERRORS: Errc::permission_denied.
Result<Status> status(const Paths& paths);

std::string_view state_name(State state);
std::string_view stop_method_name(StopMethod method);

}  // namespace engine::instance
