#include "ns/subcontainer.hh"

#include "base/defer.hh"
#include "base/file.hh"
#include "ns/in_root.hh"
#include "ns/subcontainer_root.hh"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace engine::ns {
namespace {

constexpr std::uint64_t kNamespaces = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC;

Result<> join(int pidfd) {
  if (::setns(pidfd, CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWCGROUP) != 0) {
    return fail_errno("entering the subcontainer");
  }
  return {};
}

}  // namespace

Subcontainer::Subcontainer(Reaper& reaper, InnerCgroups* groups, Options options)
    : reaper_(reaper), groups_(groups), options_(std::move(options)) {}

Subcontainer::~Subcontainer() {
  kill();
}

Result<> Subcontainer::write_names() const {
  if (options_.resolv_conf.empty()) return {};
  TRY_ASSIGN(const UniqueFd root, open_file(options_.root, O_PATH | O_DIRECTORY));
  return write_file_in_root(root.get(), "etc/resolv.conf", options_.resolv_conf);
}

Result<std::unique_ptr<CgroupLeaf>> Subcontainer::make_group(const char* prefix) {
  if (groups_ == nullptr) return std::unique_ptr<CgroupLeaf>();
  if (!branch_) {
    TRY_ASSIGN(branch_, groups_->make_branch("sub"));
  }
  return groups_->make(prefix, *branch_);
}

Result<std::unique_ptr<ContainedProcess>> Subcontainer::start_leader(const Command& command) {
  TRY(write_names());
  TRY_ASSIGN(auto group, make_group("leader"));
  const CloneOptions clone{.flags = kNamespaces, .cgroup_fd = group ? group->fd() : -1};
  TRY_ASSIGN(auto process,
             ContainedProcess::start(
                 reaper_,
                 clone,
                 [this] { return enter_subcontainer_root(options_.root, options_.mounts); },
                 command));
  if (group) process->own_group(*groups_, std::move(group));
  leader_pidfd_.reset(::fcntl(process->pidfd(), F_DUPFD_CLOEXEC, 3));
  return process;
}

Result<> Subcontainer::start() {
  if (idle_ && idle_->running()) return {};
  UniqueFd program(::open(options_.leader.c_str(), O_PATH | O_CLOEXEC));
  if (!program) return fail_errno("open " + options_.leader.string());
  Command command;
  command.argv = options_.leader_argv;
  command.program_fd = program.get();
  TRY_ASSIGN(idle_, start_leader(command));
  return {};
}

Result<std::unique_ptr<ContainedProcess>> Subcontainer::launch(const Command& command) {
  if (idle_ && idle_->running()) return fail(Errc::busy, "the subcontainer has a leader");
  return start_leader(command);
}

Result<std::unique_ptr<ContainedProcess>> Subcontainer::exec(const Command& command) {
  if (!leader_pidfd_ || ::syscall(SYS_pidfd_send_signal, leader_pidfd_.get(), 0, nullptr, 0) != 0) {
    TRY(start());
  }
  TRY_ASSIGN(auto group, make_group("exec"));
  const UniqueFd ours(::open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC));
  if (!ours) return fail_errno("open /proc/self/ns/pid");
  // Affects children only; this process must not make a thread in between.
  if (::setns(leader_pidfd_.get(), CLONE_NEWPID) != 0) return fail_errno("joining the pids");
  const Defer back([&] { ::setns(ours.get(), CLONE_NEWPID); });
  const CloneOptions clone{.flags = 0, .cgroup_fd = group ? group->fd() : -1};
  TRY_ASSIGN(auto process,
             ContainedProcess::start(
                 reaper_, clone, [this] { return join(leader_pidfd_.get()); }, command));
  if (group) process->own_group(*groups_, std::move(group));
  return process;
}

void Subcontainer::kill() {
  if (branch_) groups_->retire(std::move(branch_));
  if (leader_pidfd_) ::syscall(SYS_pidfd_send_signal, leader_pidfd_.get(), SIGKILL, nullptr, 0);
  leader_pidfd_.reset();
  idle_.reset();
}

std::optional<std::uint64_t> Subcontainer::memory_bytes() const {
  return branch_ ? branch_->memory_bytes() : std::nullopt;
}

}  // namespace engine::ns
