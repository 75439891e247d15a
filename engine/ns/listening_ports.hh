#pragma once

#include "base/result.hh"

#include <cstdint>
#include <filesystem>

namespace engine::ns {

/// Whether something listens on `port`, by the kernel's tables under `proc_net` (tcp, tcp6; or udp,
/// udp6). Reads only; no connection is made. ERRORS: none of the tables can be read.
Result<bool> is_port_bound(std::uint16_t port,
                           bool udp = false,
                           const std::filesystem::path& proc_net = "/proc/net");

}  // namespace engine::ns
