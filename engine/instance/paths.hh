#pragma once

#include "base/result.hh"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace engine::instance {

/// Where one instance keeps what. Value type; nothing of it need exist yet.
struct Paths {
  std::string instance = "default";
  std::filesystem::path base;  ///< shared by the instances of this data directory
  std::filesystem::path data;  ///< of this instance: logs, store, packages, scripts

  std::filesystem::path run;     ///< directory of socket, lock and pid file
  std::filesystem::path socket;  ///< where the daemon listens
  std::filesystem::path lock;
  std::filesystem::path pid;

  [[nodiscard]] std::filesystem::path overlay() const { return data / "scripts"; }
  [[nodiscard]] std::filesystem::path config() const { return data / "config"; }
  [[nodiscard]] std::filesystem::path tls() const { return data / "tls"; }
  [[nodiscard]] std::filesystem::path marks() const { return data / "marks"; }
  [[nodiscard]] std::filesystem::path logs() const { return data / "logs"; }
  [[nodiscard]] std::filesystem::path daemon_log() const { return logs() / "daemon.log"; }
  [[nodiscard]] std::filesystem::path boot_log() const { return logs() / "daemon.boot.log"; }
};

/// The paths of an instance. `data_dir` defaults to /var/lib/moonbox for root, else to
/// $XDG_DATA_HOME/moonbox; `instance` to "default". The result is absolute.
/// ERRORS: Errc::usage for a bad instance name; Errc::data_dir_unusable when no home directory is
/// known or the socket's path would be too long for the kernel.
Result<Paths> resolve_paths(std::optional<std::string_view> data_dir,
                            std::optional<std::string_view> instance);

/// 1 to 64 ASCII letters, digits, '-', '_'; the first is not '-'. ERRORS: Errc::usage.
Result<> check_instance_name(std::string_view name);

/// The running program's own file, links resolved; the one that took its place, if another has.
std::filesystem::path executable_path();

/// The folder of the scripts moonbox ships: `wanted` (an option), else $MOONBOX_SCRIPTS, else the
/// source tree the build tree around `executable` was made from, else PREFIX/share/moonbox/scripts.
/// Its parent also holds `examples/` and the engine's package.lua.
/// ERRORS: Errc::usage when the place asked for holds no scripts; Errc::not_found.
Result<std::filesystem::path> find_scripts(
    std::optional<std::string_view> wanted,
    const std::filesystem::path& executable = executable_path());

}  // namespace engine::instance
