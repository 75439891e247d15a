#pragma once

#include "base/result.hh"
#include "base/time.hh"
#include "base/unique_fd.hh"
#include "lxc/container_spec.hh"

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

/// The life of containers over liblxc. Plain blocking functions for the offload pool; any thread,
/// one call per container at a time. Each call has a liblxc object of its own.
namespace engine::lxc {

/// A running container's PID 1. The descriptor is a pidfd handed over by the container's monitor:
/// it cannot mean another process, and becomes readable when PID 1 ends.
struct Running {
  pid_t pid = -1;
  UniqueFd pidfd;
};

/// How the helper process is run: a program and the words before NAME and LXCPATH.
struct StartHelper {
  std::vector<std::string> command;  ///< e.g. /proc/self/exe lxc-start
  Milliseconds timeout{60'000};
};

/// Starts a prepared container (see root.hh), waits until it runs, reads its limits back from the
/// kernel. What a killed run left (cgroups, the host's link) is removed before. On failure nothing
/// runs, and the mounts stay for the caller's `teardown`.
/// ERRORS: Errc::conflict if it runs already; Errc::lxc with liblxc's own words as `debug`;
/// Errc::invalid_params.
Result<Running> start(const ContainerSpec& spec, const StartHelper& helper);

/// liblxc's state: "RUNNING", "STOPPED", "STARTING", "FROZEN", … .
Result<std::string> state(const std::string& name, const std::filesystem::path& lxcpath);

/// PID 1 of a running container. ERRORS: Errc::not_found if it does not run.
Result<Running> find_running(const std::string& name, const std::filesystem::path& lxcpath);

/// Takes over a container another process has started: it must run, have its root mounted and its
/// limits in force. ERRORS: Errc::not_found if it does not run; Errc::conflict if it does not fit
/// the spec (stop it and start anew).
Result<Running> adopt(const ContainerSpec& spec);

/// Names of all running containers of `lxcpath`, whoever started them.
Result<std::vector<std::string>> list_active(const std::filesystem::path& lxcpath);

/// Ends a container: SIGTERM to PID 1, SIGKILL after `grace`, then waits until its monitor is gone
/// and name, network and cgroups are free. Not running is success.
/// ERRORS: Errc::timeout if even SIGKILL does not end it within 20 s.
Result<> stop(const std::string& name, const std::filesystem::path& lxcpath, Milliseconds grace);

/// Removes cgroups and the host's link a killed monitor left. ERRORS: Errc::busy if something
/// still lives in one.
Result<> remove_leftovers(const ContainerSpec& spec);

}  // namespace engine::lxc
