#pragma once

#include "base/result.hh"

#include <cstddef>
#include <filesystem>

namespace engine::app {

/// Where PID 1 finds things. The defaults are those of a container; tests move them.
struct ContainerSettings {
  std::filesystem::path scripts = "/usr/lib/moonbox/scripts";
  std::filesystem::path package = "/usr/lib/startos/package";
  std::filesystem::path media = "/media/startos";  ///< rpc/, volumes/, images/, logs/, backup/, …
  std::filesystem::path cgroups = "/sys/fs/cgroup";
  std::size_t memory_limit = 64UL << 20U;  ///< bytes of Lua heap

  [[nodiscard]] std::filesystem::path service_socket() const { return media / "rpc/service.sock"; }
  [[nodiscard]] std::filesystem::path host_socket() const { return media / "rpc/host.sock"; }
  [[nodiscard]] std::filesystem::path log_file() const { return media / "logs/service.log"; }
};

/// Reads --scripts, --package, --media, --cgroups and --memory-limit (bytes); each takes a value.
/// ERRORS: Errc::usage naming the argument.
Result<ContainerSettings> parse_container_settings(int argc, char** argv);

}  // namespace engine::app
