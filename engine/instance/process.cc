#include "instance/process.hh"

#include "instance/lock.hh"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

namespace engine::instance {
namespace {

tl::unexpected<Error> gone(pid_t pid) {
  return fail(Errc::not_found, "process " + std::to_string(pid) + " has ended");
}

}  // namespace

Result<Process> Process::open(pid_t pid, std::uint64_t start_time) {
  if (pid <= 0) return gone(pid);
  UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!fd) return gone(pid);
  // Read behind the open: now the descriptor and the number cannot mean different processes.
  if (process_start_time(pid) != start_time) return gone(pid);
  Process process(pid, std::move(fd));
  if (process.wait(Milliseconds(0))) return gone(pid);
  return process;
}

Result<> Process::signal(int number) const {
  if (::syscall(SYS_pidfd_send_signal, fd_.get(), number, nullptr, 0) == 0) return {};
  if (errno == ESRCH) return gone(pid_);
  Error error = errno_error("signalling process " + std::to_string(pid_), errno);
  if (errno == EPERM) error.code = Errc::permission_denied;
  return fail(std::move(error));
}

Result<> Process::wait(Milliseconds timeout) const {
  const TimePoint deadline = Clock::now() + timeout;
  while (true) {
    const auto left = std::chrono::ceil<Milliseconds>(deadline - Clock::now()).count();
    pollfd entry{.fd = fd_.get(), .events = POLLIN, .revents = 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
    if (ready > 0) return {};
    if (ready == 0) {
      return fail(Errc::timeout, "process " + std::to_string(pid_) + " is still running");
    }
    if (errno != EINTR) return fail_errno("poll");
  }
}

}  // namespace engine::instance
