#pragma once

#include "lxc/base_image.hh"
#include "lxc/container.hh"
#include "lxc/root.hh"
#include "ns/idmap.hh"

#include <catch2/catch.hpp>

#include <filesystem>
#include <functional>
#include <string>

/// The message of a failed Result, for REQUIRE lines.
template <typename T>
std::string why(const engine::Result<T>& result) {
  return result ? "" : result.error().message + " | " + result.error().debug;
}

#define REQUIRE_OK(expression)          \
  do {                                  \
    const auto& checked = (expression); \
    INFO(why(checked));                 \
    REQUIRE(checked.has_value());       \
  } while (false)

std::string content_of(const std::filesystem::path& path);
/// Waits until `condition` holds, 20 s at most.
bool wait_until(const std::function<bool()>& condition);

/// A directory, a bridge and a base image of one test. Names carry the pid. All containers, mounts
/// and links of the test are taken away at the end, also after a failure.
class ContainerHost {
 public:
  ContainerHost();
  ContainerHost(const ContainerHost&) = delete;
  ContainerHost& operator=(const ContainerHost&) = delete;
  ~ContainerHost();

  /// A spec whose PID 1 is a shell script: it serves /www on port 80, runs $TEST_RUN, touches
  /// rpc/ready, and ends on SIGTERM.
  engine::lxc::ContainerSpec spec(const std::string& id, unsigned slot = 1);

  /// prepare_root and start.
  engine::lxc::Running up(const engine::lxc::ContainerSpec& spec);

  /// What is left of a container: mounts, cgroups, links; one line each.
  [[nodiscard]] std::string remains(const engine::lxc::ContainerSpec& spec) const;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] const engine::lxc::StartHelper& helper() const { return helper_; }
  engine::ns::UserNamespaces& namespaces() { return namespaces_; }

 private:
  std::filesystem::path path_;
  std::string bridge_;
  engine::ns::Ipv4Net subnet_;
  engine::lxc::BaseImage image_;
  engine::lxc::StartHelper helper_;
  engine::ns::UserNamespaces namespaces_;
  std::vector<engine::lxc::ContainerSpec> specs_;
};

/// Runs a shell command as root inside the container; gives its output.
std::string inside(const engine::lxc::Running& running, const std::string& command);
