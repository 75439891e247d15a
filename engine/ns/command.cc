#include "ns/command.hh"

#include "base/c_words.hh"
#include "base/defer.hh"
#include "base/pipe.hh"

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
                                   c_words(argv).data(),
                                   c_words(environment).data());
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
  TRY_ASSIGN(Pipe pipe, make_pipe());
  TRY_ASSIGN(const Spawned child, spawn(argv, options, pipe.write.get()));
  pipe.write.reset();
  const TimePoint deadline = Clock::now() + options.timeout;
  std::string output;
  bool in_time = collect(pipe.read.get(), output, deadline);
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
