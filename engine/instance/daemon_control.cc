#include "instance/daemon_control.hh"

#include "base/file.hh"
#include "base/pipe.hh"
#include "instance/boot_wait.hh"
#include "instance/call.hh"
#include "instance/lock.hh"
#include "instance/process.hh"
#include "json/writer.hh"
#include "loop/child_process.hh"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <thread>

namespace engine::instance {
namespace {

namespace fs = std::filesystem;

constexpr Milliseconds kPingTimeout{500};
constexpr Milliseconds kTerminateGrace{5'000};
constexpr std::size_t kBootLogLines = 20;

/// Whoever holds the instance. ERRORS: Errc::not_found when nobody does.
Result<Process> holder_process(const Paths& paths) {
  TRY_ASSIGN(const LockRecord record, Lock::holder(paths.lock));
  return Process::open(record.pid, record.start_time);
}

/// What the daemon may see of our environment.
std::vector<std::string> daemon_environment() {
  constexpr std::array kPrefixes = {"PATH=",
                                    "HOME=",
                                    "USER=",
                                    "LOGNAME=",
                                    "LANG=",
                                    "LC_",
                                    "TZ=",
                                    "TMPDIR=",
                                    "XDG_",
                                    "MOONBOX_",
                                    "ASAN_",
                                    "UBSAN_",
                                    "TSAN_"};
  std::vector<std::string> kept;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (std::any_of(kPrefixes.begin(), kPrefixes.end(), [&](const char* prefix) {
          return text.starts_with(prefix);
        })) {
      kept.emplace_back(text);
    }
  }
  return kept;
}

Result<> make_private_folder(const fs::path& folder) {
  std::error_code error;
  if (fs::is_directory(folder, error)) return {};
  if (folder.has_parent_path() && !fs::exists(folder.parent_path(), error)) {
    TRY(make_private_folder(folder.parent_path()));
  }
  if (::mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) return {};
  Error failure = errno_error("creating " + folder.string(), errno);
  failure.code = Errc::data_dir_unusable;
  failure.hint = "choose another place with --data-dir DIR";
  return fail(std::move(failure));
}

struct BootLog {
  UniqueFd fd;
  std::size_t begin = 0;  ///< its size before this start
};

Result<BootLog> open_boot_log(const Paths& paths) {
  TRY(make_private_folder(paths.logs()));
  auto fd = open_file(paths.boot_log(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (!fd) {
    Error failure = std::move(fd).error();
    failure.code = Errc::data_dir_unusable;
    return fail(std::move(failure));
  }
  const off_t size = ::lseek(fd->get(), 0, SEEK_END);
  return BootLog{std::move(*fd), static_cast<std::size_t>(std::max<off_t>(size, 0))};
}

std::vector<std::string> daemon_command(const StartOptions& options, int ready_fd) {
  std::vector<std::string> argv = {options.program.string(),
                                   "moond",
                                   "run",
                                   "--ready-fd",
                                   std::to_string(ready_fd),
                                   "--data-dir",
                                   options.paths.base.string(),
                                   "--instance",
                                   options.paths.instance};
  argv.insert(argv.end(), options.arguments.begin(), options.arguments.end());
  return argv;
}

Result<std::unique_ptr<loop::ChildProcess>> spawn_daemon(loop::Loop& loop,
                                                         const StartOptions& options,
                                                         const BootLog& log,
                                                         int ready_fd) {
  // The launcher is a short-lived program with one command to run: its own mask does not matter.
  ::umask(077);
  return loop::ChildProcess::spawn(loop,
                                   {.argv = daemon_command(options, ready_fd),
                                    .environment = daemon_environment(),
                                    .directory = options.paths.data.string(),
                                    .stdin_fd = -1,
                                    .stdout_fd = log.fd.get(),
                                    .stderr_fd = log.fd.get(),
                                    .inherit = {ready_fd},
                                    .new_session = true});
}

std::string boot_log_info(const Paths& paths, std::size_t begin) {
  json::Array lines;
  for (std::string& line : last_lines(paths.boot_log(), kBootLogLines, begin)) {
    lines.emplace_back(std::move(line));
  }
  return json::write(json::Object{{"bootLog", std::move(lines)}});
}

Error boot_failure(const StartOptions& options,
                   const BootWait::Outcome& outcome,
                   std::size_t log_begin) {
  const std::string& phase = outcome.report.phase();
  const std::string where =
      phase.empty() ? "before its first step" : "after the step '" + phase + "'";
  Error error;
  if (outcome.timed_out) {
    error = {.code = Errc::timeout,
             .message = "the daemon was not ready within " +
                        std::to_string(options.timeout.count() / 1000) + " s; it stood " + where,
             .hint = "give it more time with --timeout SECONDS"};
  } else if (outcome.report.error()) {
    return *outcome.report.error();
  } else if (outcome.exit && outcome.exit->signal != 0) {
    error = {.code = Errc::internal,
             .message = "the daemon was ended by signal " + std::to_string(outcome.exit->signal) +
                        " " + where};
  } else {
    const int code = outcome.exit ? outcome.exit->code : 11;
    error = {.code = errc_from_exit_code(code),
             .message = "the daemon ended with status " + std::to_string(code) + " " + where};
  }
  error.info = boot_log_info(options.paths, log_begin);
  if (error.hint.empty()) error.hint = "its own words are in " + options.paths.boot_log().string();
  return error;
}

/// One try. ERRORS: Errc::instance_held when another daemon was faster.
Result<StartReport> launch(const StartOptions& options, Milliseconds timeout) {
  TRY_ASSIGN(const BootLog log, open_boot_log(options.paths));
  TRY_ASSIGN(Pipe pipe, make_pipe());
  loop::Loop loop("launcher");
  TRY_ASSIGN(auto child, spawn_daemon(loop, options, log, pipe.write.get()));
  pipe.write.reset();
  BootWait wait(loop, std::move(child), std::move(pipe.read));
  const BootWait::Outcome outcome = wait.run(timeout);
  if (!outcome.ready) return fail(boot_failure(options, outcome, log.begin));
  return StartReport{.already_running = false, .pid = wait.pid(), .fault = outcome.report.fault()};
}

StartReport already_running(const Paths& paths) {
  const auto record = Lock::holder(paths.lock);
  return {.already_running = true, .pid = record ? record->pid : 0};
}

/// Waits until whoever holds the instance serves (true) or has ended (false).
Result<bool> wait_for_holder(const Paths& paths, TimePoint deadline) {
  while (Clock::now() < deadline) {
    if (presence(paths.socket, kPingTimeout) == Presence::serving) return true;
    const auto holder = holder_process(paths);
    if (!holder) return false;
    if (holder->wait(Milliseconds(20))) return false;
  }
  return fail(Error{.code = Errc::instance_held,
                    .message = "another daemon holds this instance but does not serve",
                    .hint = "moon-cli daemon stop ends it"});
}

Result<> ask_to_stop(const Paths& paths) {
  const auto answer = call(paths.socket, "server.shutdown", json::Object{}, Milliseconds(5'000));
  // It may close the connection before its answer is through.
  if (answer || answer.error().code == Errc::connection_lost) return {};
  return fail(answer.error());
}

Result<StopReport> stop_by_signal(const Process& process) {
  TRY(process.signal(SIGTERM));
  if (process.wait(kTerminateGrace)) return StopReport{StopMethod::terminate, process.pid()};
  TRY(process.signal(SIGKILL));
  TRY(process.wait(kTerminateGrace));
  return StopReport{StopMethod::kill, process.pid()};
}

}  // namespace

Result<StartReport> start(const StartOptions& options) {
  const TimePoint deadline = Clock::now() + options.timeout;
  bool held = presence(options.paths.socket, kPingTimeout) != Presence::absent;
  while (true) {
    if (!held) {
      const auto left = std::chrono::ceil<Milliseconds>(deadline - Clock::now());
      auto report = launch(options, std::max(left, Milliseconds(1)));
      if (report || report.error().code != Errc::instance_held) return report;
    }
    TRY_ASSIGN(const bool serves, wait_for_holder(options.paths, deadline));
    if (serves) return already_running(options.paths);
    held = false;
  }
}

Result<StopReport> stop(const StopOptions& options) {
  auto process = holder_process(options.paths);
  if (!process) {
    // Who may not look cannot tell that nobody is there.
    TRY(status(options.paths));
    return StopReport{};
  }
  const auto asked = ask_to_stop(options.paths);
  if (asked && process->wait(options.timeout)) {
    return StopReport{StopMethod::request, process->pid()};
  }
  if (!asked && asked.error().code == Errc::permission_denied) return fail(asked.error());
  auto stopped = stop_by_signal(*process);
  if (stopped || stopped.error().code != Errc::not_found) return stopped;
  return StopReport{StopMethod::request, process->pid()};  // it ended by itself meanwhile
}

Result<Status> status(const Paths& paths) {
  Status result;
  const auto record = Lock::holder(paths.lock);
  if (record && Process::open(record->pid, record->start_time)) {
    result.pid = record->pid;
    result.version = record->version;
    result.state = State::silent;
  }
  auto info = call(paths.socket, "server.info", json::Object{}, Milliseconds(2'000));
  if (info) {
    result.state = State::running;
    result.info = std::move(*info);
  } else if (info.error().code == Errc::permission_denied) {
    return fail(info.error());
  } else if (result.pid != 0 && info.error().code != Errc::daemon_not_running &&
             info.error().code != Errc::timeout) {
    result.state = State::running;  // it answers, if only with an error
  }
  return result;
}

std::string_view state_name(State state) {
  constexpr std::array<std::string_view, 3> kNames = {"stopped", "running", "not answering"};
  return kNames[static_cast<std::size_t>(state)];
}

std::string_view stop_method_name(StopMethod method) {
  constexpr std::array<std::string_view, 4> kNames = {
      "not running", "request", "SIGTERM", "SIGKILL"};
  return kNames[static_cast<std::size_t>(method)];
}

}  // namespace engine::instance
