#include "loop/child_process.hh"

#include "base/c_words.hh"
#include "base/defer.hh"
#include "base/file.hh"
#include "base/pipe.hh"
#include "loop/fd_watch.hh"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <mutex>

namespace engine::loop {
namespace {

int open_pidfd(pid_t pid) {
  return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
}

ExitStatus decode(int status) {
  if (WIFSIGNALED(status)) return {.code = 128 + WTERMSIG(status), .signal = WTERMSIG(status)};
  return {.code = WEXITSTATUS(status)};
}

/// What ends a command from outside.
struct Bound {
  TimePoint deadline;
  int stop;  ///< readable: now; -1: never

  /// For poll(): how long to wait, 0 when it is over.
  [[nodiscard]] int left() const {
    const auto left = std::chrono::duration_cast<Milliseconds>(deadline - Clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, INT_MAX));
  }
  [[nodiscard]] bool stopped() const {
    pollfd asked{stop, POLLIN, 0};
    return ::poll(&asked, 1, 0) > 0;
  }
};

/// Waits for the end of a child, which stays to be reaped. False when the bound came first.
bool wait_for_end(pid_t pid, const Bound& bound) {
  const UniqueFd pidfd(open_pidfd(pid));
  while (bound.left() > 0) {
    std::array<pollfd, 2> set = {pollfd{pidfd.get(), POLLIN, 0}, pollfd{bound.stop, POLLIN, 0}};
    const int ready = ::poll(set.data(), set.size(), bound.left());
    if (ready < 0 && errno != EINTR) return false;
    if (ready <= 0) continue;
    if (set[0].revents != 0) return true;
    return false;
  }
  return false;
}

ExitStatus reap(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return {.code = 255};
  }
  return decode(status);
}

/// A descriptor the child may keep is moved clear of the target numbers first, so that one dup2
/// never overwrites the source of the next.
Result<UniqueFd> clear_of_stdio(int fd) {
  UniqueFd copy(fd < 0 ? ::open("/dev/null", O_RDWR | O_CLOEXEC) : ::fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (!copy) return fail_errno("duplicating a descriptor");
  return copy;
}

Result<pid_t> spawn_process(const SpawnOptions& options) {
  if (options.argv.empty()) return fail(Errc::internal, "spawn: empty argv");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  const Defer free_actions([&] { posix_spawn_file_actions_destroy(&actions); });
  std::array<UniqueFd, 3> stdio;
  const std::array wanted = {options.stdin_fd, options.stdout_fd, options.stderr_fd};
  for (int i = 0; i < 3; ++i) {
    const auto at = static_cast<std::size_t>(i);
    TRY_ASSIGN(stdio[at], clear_of_stdio(wanted[at]));
    posix_spawn_file_actions_adddup2(&actions, stdio[at].get(), i);
  }
  // dup2 onto itself clears close-on-exec in the child only.
  for (const int fd : options.inherit)
    posix_spawn_file_actions_adddup2(&actions, fd, fd);
  // What was opened without close-on-exec, by us or by who started us.
  int highest = 2;
  for (const int fd : options.inherit)
    highest = std::max(highest, fd);
  posix_spawn_file_actions_addclosefrom_np(&actions, highest + 1);
  if (!options.directory.empty()) {
    posix_spawn_file_actions_addchdir_np(&actions, options.directory.c_str());
  }
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  const Defer free_attributes([&] { posix_spawnattr_destroy(&attributes); });
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
  if (options.new_session) flags |= POSIX_SPAWN_SETSID;
  posix_spawnattr_setflags(&attributes, static_cast<short>(flags));

  const std::vector<char*> argv = c_words(options.argv);
  std::vector<char*> environment;
  if (options.environment) environment = c_words(*options.environment);
  pid_t pid = 0;
  const int code = ::posix_spawnp(&pid,
                                  argv[0],
                                  &actions,
                                  &attributes,
                                  argv.data(),
                                  options.environment ? environment.data() : environ);
  if (code != 0) return fail(errno_error("starting " + options.argv[0], code));
  return pid;
}

/// Moves bytes between us and a running command until its streams are closed.
class Pump {
 public:
  Pump(UniqueFd input, UniqueFd output, UniqueFd error, std::string_view text, std::size_t limit)
      : input_(std::move(input)),
        output_(std::move(output)),
        error_(std::move(error)),
        text_(text),
        limit_(limit) {
    ::fcntl(input_.get(), F_SETFL, O_NONBLOCK);
    if (text_.empty()) input_.reset();
  }

  /// False when the bound came first.
  bool run(const Bound& bound, CommandOutput& into) {
    while (output_ || error_) {
      if (bound.left() == 0) return false;
      std::array<pollfd, 4> set = {pollfd{output_.get(), POLLIN, 0},
                                   pollfd{error_.get(), POLLIN, 0},
                                   pollfd{input_.get(), POLLOUT, 0},
                                   pollfd{bound.stop, POLLIN, 0}};
      if (::poll(set.data(), set.size(), bound.left()) < 0) {
        if (errno != EINTR) return false;
        continue;
      }
      if (set[3].revents != 0) return false;
      if (set[0].revents != 0) drain(output_, into.out);
      if (set[1].revents != 0) drain(error_, into.err);
      if (set[2].revents != 0) feed();
    }
    return true;
  }

 private:
  void drain(UniqueFd& from, std::string& into) const {
    std::array<char, 16384> block{};
    const ssize_t got = ::read(from.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) return;
    if (got <= 0) {
      from.reset();
    } else if (into.size() < limit_) {
      into.append(block.data(), std::min(static_cast<std::size_t>(got), limit_ - into.size()));
    }
  }
  void feed() {
    const ssize_t put = ::write(input_.get(), text_.data(), text_.size());
    if (put < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (put > 0) text_.remove_prefix(static_cast<std::size_t>(put));
    if (put <= 0 || text_.empty()) input_.reset();
  }

  UniqueFd input_;
  UniqueFd output_;
  UniqueFd error_;
  std::string_view text_;
  std::size_t limit_;
};

/// The commands that run_command waits for.
class Commands {
 public:
  Result<pid_t> begin(const SpawnOptions& options) {
    const std::lock_guard lock(mutex_);
    if (over_) return fail(Errc::shutting_down, "the program is ending");
    TRY_ASSIGN(const pid_t pid, spawn_process(options));
    running_.push_back(options.new_session ? -pid : pid);
    return pid;
  }

  /// REQUIRES: it has ended or was killed.
  ExitStatus end(pid_t pid) {
    {
      const std::lock_guard lock(mutex_);
      std::erase_if(running_, [pid](pid_t one) { return one == pid || one == -pid; });
    }
    return reap(pid);
  }

  void kill_all() {
    const std::lock_guard lock(mutex_);
    over_ = true;
    for (const pid_t one : running_)
      ::kill(one, SIGKILL);
  }

 private:
  std::mutex mutex_;
  std::vector<pid_t> running_;  ///< negative: a session of its own
  bool over_ = false;
};

Commands& commands() {
  static Commands all;
  return all;
}

}  // namespace

struct ChildProcess::Impl {
  Impl(Loop& loop, UniqueFd pidfd) : watch(loop, std::move(pidfd)) {}
  FdWatch watch;
  bool reaped = false;
  bool detached = false;
  bool own_session = true;
};

ChildProcess::ChildProcess(pid_t pid, std::unique_ptr<Impl> impl)
    : pid_(pid), impl_(std::move(impl)) {}

Result<std::unique_ptr<ChildProcess>> ChildProcess::spawn(Loop& loop, const SpawnOptions& options) {
  TRY_ASSIGN(const pid_t pid, spawn_process(options));
  UniqueFd pidfd(open_pidfd(pid));
  if (!pidfd) {
    const Error error = errno_error("pidfd_open", errno);
    ::kill(pid, SIGKILL);
    reap(pid);
    return fail(error);
  }
  auto impl = std::make_unique<Impl>(loop, std::move(pidfd));
  impl->own_session = options.new_session;
  return std::unique_ptr<ChildProcess>(new ChildProcess(pid, std::move(impl)));
}

ChildProcess::~ChildProcess() {
  if (impl_->reaped || impl_->detached) return;
  ::kill(impl_->own_session ? -pid_ : pid_, SIGKILL);
  ::kill(pid_, SIGKILL);
  reap(pid_);
}

Result<> ChildProcess::kill(int signal) {
  if (impl_->reaped) return fail(Errc::not_found, "the process has ended");
  if (::syscall(SYS_pidfd_send_signal, impl_->watch.fd(), signal, nullptr, 0) != 0) {
    return fail_errno("signalling process " + std::to_string(pid_));
  }
  return {};
}

void ChildProcess::wait(Completion<ExitStatus> done) {
  impl_->watch.wait_readable([this, done = std::move(done)](Result<> ready) mutable {
    if (!ready) return done(fail(std::move(ready).error()));
    impl_->reaped = true;
    const ExitStatus status = reap(pid_);
    done(status);
  });
}

void ChildProcess::detach() {
  impl_->detached = true;
}

Result<CommandOutput> run_command(const SpawnOptions& options,
                                  Milliseconds timeout,
                                  std::string_view input,
                                  std::size_t limit,
                                  int stop) {
  TRY_ASSIGN(Pipe in, make_pipe());
  TRY_ASSIGN(Pipe out, make_pipe());
  TRY_ASSIGN(Pipe err, make_pipe());
  SpawnOptions wired = options;
  wired.stdin_fd = in.read.get();
  wired.stdout_fd = out.write.get();
  wired.stderr_fd = err.write.get();
  TRY_ASSIGN(const pid_t pid, commands().begin(wired));
  in.read.reset();
  out.write.reset();
  err.write.reset();
  CommandOutput result;
  Pump pump(std::move(in.write), std::move(out.read), std::move(err.read), input, limit);
  const Bound bound{.deadline = Clock::now() + timeout, .stop = stop};
  if (!pump.run(bound, result) || !wait_for_end(pid, bound)) {
    ::kill(wired.new_session ? -pid : pid, SIGKILL);
    commands().end(pid);
    if (bound.stopped()) return fail(Errc::cancelled, options.argv[0] + " was killed");
    return fail(Errc::timeout,
                options.argv[0] + " did not end within " + std::to_string(timeout.count()) +
                    " ms and was killed");
  }
  result.status = commands().end(pid);
  return result;
}

void kill_commands() {
  commands().kill_all();
}

}  // namespace engine::loop
