#include "ns/command.hh"

#include "base/defer.hh"
#include "base/unique_fd.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

namespace engine::ns {
namespace {

constexpr std::size_t kKeptOutput = 64UL << 10U;
constexpr const char* kPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::vector<char*> to_c(const std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (const auto& text : strings)
    out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

struct Spawned {
  pid_t pid = -1;
  UniqueFd pidfd;
};

Result<Spawned> spawn(const std::vector<std::string>& argv,
                      const CommandOptions& options,
                      int output) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  const Defer free_all([&] {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  });
  if (options.stdin_fd >= 0) {
    posix_spawn_file_actions_adddup2(&actions, options.stdin_fd, 0);
  } else {
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  }
  posix_spawn_file_actions_adddup2(&actions, output, 1);
  posix_spawn_file_actions_adddup2(&actions, output, 2);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<std::string> environment = options.environment;
  if (environment.empty()) environment = {kPath, "LC_ALL=C"};
  Spawned child;
  const int error = ::posix_spawnp(&child.pid,
                                   argv.at(0).c_str(),
                                   &actions,
                                   &attributes,
                                   to_c(argv).data(),
                                   to_c(environment).data());
  if (error != 0) return fail(errno_error("running " + argv.at(0), error));
  child.pidfd.reset(static_cast<int>(::syscall(SYS_pidfd_open, child.pid, 0U)));
  return child;
}

// Gives false when the deadline passed before the end of file.
bool collect(int fd, std::string& into, TimePoint deadline) {
  char block[8192];
  while (true) {
    const auto left = std::chrono::duration_cast<Milliseconds>(deadline - Clock::now()).count();
    pollfd poll_fd{.fd = fd, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&poll_fd, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    const ssize_t got = ::read(fd, block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return true;
    into.append(block, static_cast<std::size_t>(got));
    if (into.size() > 2 * kKeptOutput) into.erase(0, into.size() - kKeptOutput);
  }
}

std::string trimmed(std::string text) {
  if (text.size() > kKeptOutput) text.erase(0, text.size() - kKeptOutput);
  while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
    text.pop_back();
  return text;
}

}  // namespace

Result<> wait_for_exit(int pidfd, Milliseconds timeout) {
  const TimePoint deadline = Clock::now() + timeout;
  while (true) {
    const auto left = std::chrono::ceil<Milliseconds>(deadline - Clock::now()).count();
    pollfd poll_fd{.fd = pidfd, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&poll_fd, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return fail_errno("poll of a process");
    if (ready == 0 && left <= 0) {
      return fail(Errc::timeout, fmt::format("the process is alive after {} ms", timeout.count()));
    }
  }
}

Result<std::string> run_command(const std::vector<std::string>& argv,
                                const CommandOptions& options) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("pipe");
  UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  TRY_ASSIGN(const Spawned child, spawn(argv, options, write_end.get()));
  write_end.reset();
  const TimePoint deadline = Clock::now() + options.timeout;
  std::string output;
  bool in_time = collect(read_end.get(), output, deadline);
  if (in_time && child.pidfd) {
    const auto left = std::chrono::ceil<Milliseconds>(deadline - Clock::now());
    in_time = wait_for_exit(child.pidfd.get(), left).has_value();
  }
  if (!in_time) ::kill(child.pid, SIGKILL);
  int status = 0;
  while (::waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!in_time) {
    return fail(Errc::timeout,
                fmt::format("{} did not end within {} ms", argv[0], options.timeout.count()));
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return trimmed(std::move(output));
  const std::string how = WIFEXITED(status) ? fmt::format("status {}", WEXITSTATUS(status))
                                            : fmt::format("signal {}", WTERMSIG(status));
  return fail(Error{.code = Errc::filesystem,
                    .message = fmt::format("{} ended with {}", argv[0], how),
                    .debug = trimmed(std::move(output))});
}

}  // namespace engine::ns
