#pragma once

#include "base/result.hh"
#include "lxc/container_spec.hh"

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace engine::lxc {

/// Limits as the kernel holds them; empty: none, or no such controller.
struct Limits {
  std::optional<std::uint64_t> memory;  ///< bytes
  std::optional<std::uint64_t> pids;
};

/// What a container uses now; empty where the controller is missing. Memory in bytes.
struct Usage {
  std::optional<std::uint64_t> memory;
  std::optional<std::uint64_t> memory_peak;
  std::optional<std::uint64_t> pids;
  std::optional<std::uint64_t> cpu_microseconds;
  std::uint64_t oom_kills = 0;
};

/// Read from the outer directory of the container PID 1 `init` belongs to: there the limits are,
/// while liblxc's own question reads the inner one and hears "unlimited".
Result<Limits> read_limits(pid_t init);
Result<Usage> read_usage(pid_t init);

/// Compares the kernel's limits with the spec's. A controller the host lacks is no mismatch
/// (`probe` tells of it). ERRORS: Errc::lxc on a mismatch.
Result<> check_limits(const ContainerSpec& spec, pid_t init);

}  // namespace engine::lxc
