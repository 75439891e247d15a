#include "ns/idmap.hh"

#include "base/defer.hh"
#include "base/file.hh"
#include "base/pipe.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace engine::ns {
namespace {

// Runs in a copy of a process that may have other threads: nothing but system calls here.
[[noreturn]] void wait_for_end_of_file(int fd) {
  // The copy of the write end among them: otherwise the end of file would never come.
  if (fd > 3) ::syscall(SYS_close_range, 3U, static_cast<unsigned>(fd - 1), 0U);
  ::syscall(SYS_close_range, static_cast<unsigned>(fd + 1), ~0U, 0U);
  char byte = 0;
  while (::syscall(SYS_read, fd, &byte, 1UL) < 0 && errno == EINTR) {
  }
  ::syscall(SYS_exit_group, 0);
  __builtin_unreachable();
}

Result<> write_map(pid_t pid, const char* name, IdRange range) {
  TRY_ASSIGN(UniqueFd map, open_file(fmt::format("/proc/{}/{}", pid, name), O_WRONLY));
  auto written = write_all(map.get(), fmt::format("0 {} {}\n", range.base, range.count));
  if (!written) return fail(std::move(written).error().context(name));
  return {};
}

}  // namespace

Result<UniqueFd> make_idmap_userns(IdRange range) {
  TRY_ASSIGN(Pipe pipe, make_pipe());
  clone_args arguments{};
  arguments.flags = CLONE_NEWUSER;
  arguments.exit_signal = SIGCHLD;
  const auto pid = static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
  if (pid < 0) return fail(errno_error("making a user namespace", errno));
  if (pid == 0) wait_for_end_of_file(pipe.read.get());
  const Defer reap([&] {
    pipe.write.reset();
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
  });
  TRY(write_map(pid, "uid_map", range));
  TRY(write_map(pid, "gid_map", range));
  return open_file(fmt::format("/proc/{}/ns/user", pid), O_RDONLY);
}

Result<int> UserNamespaces::get(IdRange range) {
  const std::lock_guard lock(mutex_);
  if (const auto found = made_.find(range); found != made_.end()) return found->second.get();
  TRY_ASSIGN(UniqueFd made, make_idmap_userns(range));
  return made_.emplace(range, std::move(made)).first->second.get();
}

}  // namespace engine::ns
