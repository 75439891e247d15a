#pragma once

#include "base/result.hh"
#include "base/time.hh"
#include "base/unique_fd.hh"
#include "json/value.hh"

#include "fake_host.hh"
#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

/// The real moon-container as PID 1 of fresh namespaces (user, pid, mount, network, IPC, UTS,
/// cgroup), unprivileged like a container's, on a root made for one test; with a fake host on
/// host.sock. Needs root.
class ContainerWorld {
 public:
  /// `package`: a directory with init.lua, copied to where package code is mounted.
  explicit ContainerWorld(const std::filesystem::path& package);
  /// The same with these files: name → content.
  explicit ContainerWorld(const std::map<std::string, std::string>& files);
  ContainerWorld(const ContainerWorld&) = delete;
  ContainerWorld& operator=(const ContainerWorld&) = delete;
  ~ContainerWorld();

  /// One call on a connection of its own; the whole answer line as a tree.
  engine::json::Value ask(const std::string& method, const std::string& params = "{}");
  /// The result; the test fails when the answer is an error.
  engine::json::Value call(const std::string& method, const std::string& params = "{}");
  /// The error object; the test fails when there is a result.
  engine::json::Value error(const std::string& method, const std::string& params = "{}");
  /// The result of `eval` as JSON text.
  std::string eval(const std::string& script);
  /// Sends a request and leaves the connection open.
  engine::UniqueFd send(const std::string& method, const std::string& params);
  engine::json::Value receive(int connection, engine::Milliseconds limit = kPatience);

  FakeHost& host() { return *host_; }
  /// As seen by the host.
  [[nodiscard]] std::filesystem::path inside(const std::string& path) const { return root_ / path; }
  [[nodiscard]] pid_t pid() const { return pid_; }
  /// When its process was made.
  [[nodiscard]] engine::TimePoint began() const { return began_; }
  /// Waits for PID 1's end; its wait status.
  int wait_exit();
  /// Replaces a file of the package.
  void write_package(const std::string& name, const std::string& content) const;

  static constexpr engine::Milliseconds kPatience{20'000};

 private:
  void prepare();
  void boot();
  engine::json::Value answer(const FakeHost::Call& call);
  void make_subcontainer(const std::string& name) const;

  std::filesystem::path directory_;
  std::filesystem::path root_;
  std::filesystem::path group_;
  std::unique_ptr<FakeHost> host_;
  std::string data_version_;
  int subcontainers_ = 0;
  pid_t pid_ = -1;
  engine::TimePoint began_;
};

/// Waits until `condition` holds; false when it does not in time.
bool eventually(const std::function<bool()>& condition);
