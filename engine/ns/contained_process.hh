#pragma once

#include "base/result.hh"
#include "base/unique_fd.hh"
#include "loop/child_process.hh"
#include "ns/inner_cgroup.hh"
#include "ns/reaper.hh"

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace engine::ns {

/// What to run inside an image. Value type.
struct Command {
  std::vector<std::string> argv;         ///< argv[0] is sought in the image's PATH
  std::vector<std::string> environment;  ///< K=V; PATH and HOME are added where missing
  std::string directory = "/";
  std::string user = {};  ///< as find_user
  int stdin_fd = -1;      ///< -1: /dev/null; borrowed for the call
  int stdout_fd = -1;
  int stderr_fd = -1;
  int program_fd = -1;  ///< executed in place of argv[0] when given
};

/// The step between clone and exec in which a child prepares its own surroundings.
using Prepare = UniqueFunction<Result<>()>;

/// Namespaces and group of a new child.
struct CloneOptions {
  std::uint64_t flags = 0;  ///< CLONE_NEW… bits
  int cgroup_fd = -1;       ///< -1: the parent's
};

/// A child of the runtime in an image. Resource type, on the reaper's loop. Destroying it kills it
/// together with what else is in its group.
class ContainedProcess {
 public:
  /// Clones a child, runs `prepare` in it, becomes the user and executes. Returns when exec has
  /// succeeded (a few milliseconds); what failed before that is the error.
  /// REQUIRES: this process has one thread.
  static Result<std::unique_ptr<ContainedProcess>> start(Reaper& reaper,
                                                         const CloneOptions& clone,
                                                         Prepare prepare,
                                                         const Command& command);
  ContainedProcess(const ContainedProcess&) = delete;
  ContainedProcess& operator=(const ContainedProcess&) = delete;
  ~ContainedProcess();

  /// As seen by the runtime.
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] int pidfd() const { return pidfd_.get(); }
  [[nodiscard]] bool running() const { return !ended_; }
  /// ERRORS: Errc::not_found when it has ended.
  Result<> signal(int number);
  /// SIGKILL for it and whatever else lives in its group.
  void kill_all();

  /// Runs once, on the loop, when it has ended; at once if it has. REQUIRES: one waiter at a time.
  void on_exit(UniqueFunction<void(loop::ExitStatus)> done);

  /// Keeps the group as long as the process; given back to `groups` when it has ended.
  void own_group(InnerCgroups& groups, std::unique_ptr<CgroupLeaf> group);
  [[nodiscard]] const CgroupLeaf* group() const { return group_.get(); }

 private:
  ContainedProcess(Reaper& reaper, pid_t pid, UniqueFd pidfd);
  void ended(loop::ExitStatus status);

  Reaper& reaper_;
  pid_t pid_;
  UniqueFd pidfd_;
  bool ended_ = false;
  loop::ExitStatus status_;
  UniqueFunction<void(loop::ExitStatus)> done_;
  InnerCgroups* groups_ = nullptr;
  std::unique_ptr<CgroupLeaf> group_;
};

}  // namespace engine::ns
