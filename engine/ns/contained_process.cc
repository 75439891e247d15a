#include "ns/contained_process.hh"

#include "base/c_words.hh"
#include "base/defer.hh"
#include "base/pipe.hh"
#include "ns/user_lookup.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace engine::ns {
namespace {

constexpr int kSetupMilliseconds = 10'000;
constexpr const char* kDefaultPath =
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

bool has_variable(const std::vector<std::string>& environment, std::string_view name) {
  return std::any_of(environment.begin(), environment.end(), [name](const std::string& entry) {
    return entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=';
  });
}

// Signals are blocked across the clone, so that no handler of ours runs in the child and writes to
// the pipe it shares with the parent's loop.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { sigprocmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

// --- in the child ---

void reset_signals() {
  for (int number = 1; number < NSIG; ++number)
    ::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

Result<> place_streams(const Command& command) {
  const std::array wanted = {command.stdin_fd, command.stdout_fd, command.stderr_fd};
  std::array<int, 3> high{};
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    high[i] = wanted[i] < 0 ? ::open("/dev/null", O_RDWR | O_CLOEXEC) : wanted[i];
    if (high[i] >= 0) high[i] = ::fcntl(high[i], F_DUPFD_CLOEXEC, 3);
    if (high[i] < 0) return fail_errno("placing the standard streams");
  }
  for (std::size_t i = 0; i < high.size(); ++i)
    ::dup2(high[i], static_cast<int>(i));
  return {};
}

Result<> become(const UserIdentity& user) {
  if (user.uid != 0) {
    // So that /dev/stdout can be opened again by the user. Refused for some kinds of file: fine.
    for (int fd = 0; fd < 3; ++fd)
      (void)!::fchown(fd, user.uid, user.gid);
  }
  if (::setgroups(user.groups.size(), user.groups.data()) != 0) return fail_errno("setgroups");
  if (::setgid(user.gid) != 0) return fail_errno("setgid");
  if (::setuid(user.uid) != 0) return fail_errno("setuid");
  // The change of user took the flag away; /proc/self/fd must belong to the user.
  ::prctl(PR_SET_DUMPABLE, 1);
  return {};
}

Result<> execute(const Command& command, const UserIdentity& user) {
  std::vector<std::string> environment = command.environment;
  if (!has_variable(environment, "PATH")) environment.emplace_back(kDefaultPath);
  if (!has_variable(environment, "HOME")) environment.push_back("HOME=" + user.home);
  std::vector<char*> variables = c_words(environment);
  std::vector<char*> argv = c_words(command.argv);
  environ = variables.data();
  ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
  if (command.program_fd >= 0) {
    ::execveat(command.program_fd, "", argv.data(), environ, AT_EMPTY_PATH);
  } else {
    ::execvp(argv[0], argv.data());
  }
  return fail_errno("executing " + command.argv[0]);
}

Result<> child_steps(Prepare& prepare, const Command& command) {
  ::setsid();
  if (prepare) TRY(prepare());
  TRY(place_streams(command));
  const UniqueFd root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  TRY_ASSIGN(const UserIdentity user, find_user(root.get(), command.user));
  if (::chdir(command.directory.c_str()) != 0) return fail_errno("chdir " + command.directory);
  TRY(become(user));
  reset_signals();
  return execute(command, user);
}

[[noreturn]] void run_child(int report, Prepare& prepare, const Command& command) {
  const auto failed = child_steps(prepare, command);
  const std::string text =
      fmt::format("{} {}", errc_info(failed.error().code).kind, failed.error().message);
  (void)!::write(report, text.data(), text.size());
  ::_exit(127);
}

// --- in the parent ---

struct Clone {
  pid_t pid = -1;
  UniqueFd pidfd;
};

// The pidfd lands in the parent's memory only; the child sees pid 0.
Result<Clone> clone_child(const CloneOptions& options) {
  int pidfd = -1;
  clone_args arguments{};
  arguments.flags = options.flags | CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  if (options.cgroup_fd >= 0) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<std::uint64_t>(options.cgroup_fd);
  }
  const auto pid = static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
  if (pid < 0) return fail_errno("clone3");
  return Clone{.pid = pid, .pidfd = UniqueFd(pid == 0 ? -1 : pidfd)};
}

// End of file: exec succeeded and closed the pipe. Text: what failed.
Result<> read_report(int pipe) {
  std::string text;
  std::array<char, 1024> block{};
  pollfd ready{.fd = pipe, .events = POLLIN, .revents = 0};
  while (true) {
    const int polled = ::poll(&ready, 1, kSetupMilliseconds);
    if (polled == 0) return fail(Errc::timeout, "the process did not get ready");
    const ssize_t got = ::read(pipe, block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(block.data(), static_cast<std::size_t>(got));
  }
  if (text.empty()) return {};
  const auto space = text.find(' ');
  return fail(errc_from_kind(text.substr(0, space)), text.substr(space + 1));
}

}  // namespace

Result<std::unique_ptr<ContainedProcess>> ContainedProcess::start(Reaper& reaper,
                                                                  const CloneOptions& clone,
                                                                  Prepare prepare,
                                                                  const Command& command) {
  if (command.argv.empty()) return fail(Errc::invalid_params, "the command is empty");
  TRY_ASSIGN(Pipe report, make_pipe());
  Clone child;
  {
    const SignalsBlocked blocked;
    TRY_ASSIGN(child, clone_child(clone));
    if (child.pid == 0) run_child(report.write.get(), prepare, command);
  }
  std::unique_ptr<ContainedProcess> process(
      new ContainedProcess(reaper, child.pid, std::move(child.pidfd)));
  report.write.reset();
  TRY(read_report(report.read.get()));
  return process;
}

ContainedProcess::ContainedProcess(Reaper& reaper, pid_t pid, UniqueFd pidfd)
    : reaper_(reaper), pid_(pid), pidfd_(std::move(pidfd)) {
  reaper_.watch(pid_, [this](loop::ExitStatus status) { ended(status); });
}

ContainedProcess::~ContainedProcess() {
  if (!ended_) {
    kill_all();
    reaper_.forget(pid_);
  }
  if (groups_ != nullptr) groups_->retire(std::move(group_));
}

Result<> ContainedProcess::signal(int number) {
  if (ended_) return fail(Errc::not_found, "the process has ended");
  if (::syscall(SYS_pidfd_send_signal, pidfd_.get(), number, nullptr, 0) == 0) return {};
  return fail_errno(fmt::format("signalling process {}", pid_));
}

void ContainedProcess::kill_all() {
  if (group_) (void)group_->kill();
  if (ended_) return;
  (void)signal(SIGKILL);
  ::kill(-pid_, SIGKILL);  // its session, where there is no group
}

void ContainedProcess::on_exit(UniqueFunction<void(loop::ExitStatus)> done) {
  if (ended_) {
    done(status_);
  } else {
    done_ = std::move(done);
  }
}

void ContainedProcess::own_group(InnerCgroups& groups, std::unique_ptr<CgroupLeaf> group) {
  groups_ = &groups;
  group_ = std::move(group);
}

void ContainedProcess::ended(loop::ExitStatus status) {
  ended_ = true;
  status_ = status;
  if (groups_ != nullptr) groups_->retire(std::move(group_));
  if (auto done = std::exchange(done_, {})) done(status);
}

}  // namespace engine::ns
