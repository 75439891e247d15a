#include "app/daemon/daemon_main.hh"

#include "app/daemon/daemon.hh"
#include "app/daemon/daemon_options.hh"
#include "app/daemon/diagnostic.hh"
#include "app/daemon/last_wall.hh"
#include "app/daemon/startup.hh"
#include "app/daemon/terminal.hh"
#include "base/file.hh"
#include "base/log.hh"
#include "base/version.hh"

#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

namespace engine::app {
namespace {

struct Arguments {
  std::string data_dir;
  std::string instance;
  std::string scripts;
  Settings settings;
  int ready_fd = -1;
  int restarts = 0;
  std::optional<int> exit;  ///< the parser said all there is to say
};

/// Parses into `arguments`; afterwards the command `run` knows what was given.
CLI::App* parse(CLI::App& app, int argc, char** argv, Arguments& arguments) {
  app.set_version_flag("--version", "moond " + std::string(kVersion));
  app.require_subcommand(1);
  CLI::App* run = app.add_subcommand("run", "serve one instance in the foreground");
  run->add_option("--data-dir", arguments.data_dir, "where this daemon keeps everything");
  run->add_option("--instance", arguments.instance, "name of the instance (default: default)");
  run->add_option("--scripts", arguments.scripts, "folder of the shipped scripts");
  run->add_option("--ready-fd", arguments.ready_fd, "descriptor that is told when it is ready");
  run->add_option("--restarts", arguments.restarts, "how often the last wall was hit")->group("");
  add_settings(*run, arguments.settings);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& stop) {
    arguments.exit = app.exit(stop) == 0 ? 0 : errc_info(Errc::usage).exit_code;
  }
  return run;
}

std::optional<std::string_view> given(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::string_view>(text);
}

Result<DaemonOptions> resolve(Arguments& arguments, const CLI::App& command_line) {
  DaemonOptions options;
  TRY_ASSIGN(options.paths,
             instance::resolve_paths(given(arguments.data_dir), given(arguments.instance)));
  if (auto found = instance::find_scripts(given(arguments.scripts))) {
    options.scripts = std::move(*found);
  } else if (found.error().code == Errc::usage) {
    return fail(found.error());
  } else {
    options.scripts_fault = found.error();
  }
  options.ready_fd = arguments.ready_fd;
  options.ends_with_terminal = ends_with_terminal();
  TRY(read_config(options.paths.config(), command_line, arguments.settings));
  options.settings = std::move(arguments.settings);
  return options;
}

constexpr std::string_view kElsewhere = "mend it, or choose another place with --data-dir DIR";

/// Creates a directory of mode 0700 that is ours alone.
Result<> own_directory(const std::filesystem::path& path) {
  std::error_code code;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), code);
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    Error error = errno_error("creating " + path.string(), errno);
    error.code = Errc::data_dir_unusable;
    error.hint = kElsewhere;
    return fail(std::move(error));
  }
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
    return fail(Error{.code = Errc::data_dir_unusable,
                      .message = path.string() + " is not a directory",
                      .hint = std::string(kElsewhere)});
  }
  if (info.st_uid != ::geteuid() || (info.st_mode & 0022U) != 0) {
    return fail(Error{.code = Errc::data_dir_unusable,
                      .message = path.string() + " belongs to user " + std::to_string(info.st_uid) +
                                 " with mode " + fmt::format("{:04o}", info.st_mode & 07777U),
                      .hint = "it must be ours and writable by nobody else: chown it, chmod go-w"});
  }
  return {};
}

Result<> make_directories(const instance::Paths& paths) {
  for (const auto& each : {paths.base, paths.run, paths.data, paths.logs(), paths.overlay()}) {
    TRY(own_directory(each));
  }
  return {};
}

/// Descriptors up to the hard limit; and orphans of our children come to us.
void raise_limits() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
  if (files.rlim_cur < 10'000) {
    log::warn("daemon", "few file descriptors", {{"limit", std::to_string(files.rlim_cur)}});
  }
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/// Large blocks go back to the system when they are freed. By itself malloc would raise the limit
/// to the largest block it has seen, and keep as much in the heap of every thread that used one.
void return_large_blocks() {
  constexpr int kLarge = 1 << 20;
  ::mallopt(M_MMAP_THRESHOLD, kLarge);
  ::mallopt(M_TRIM_THRESHOLD, kLarge);
}

/// Serves until told to stop; true: in order to begin anew. While store or scripts keep the daemon
/// from starting, the diagnostic tree in its place.
Result<bool> run_instance(DaemonOptions options,
                          const instance::Lock& lock,
                          StartupReport& report) {
  while (true) {
    std::optional<Error> fault;
    {
      Daemon daemon(options, lock, report);
      Result<> ran = daemon.run();
      if (!daemon.fault()) {
        TRY(std::move(ran));
        return daemon.wants_restart();
      }
      fault = daemon.fault();
    }
    Diagnostic diagnostic(options, lock, report, *fault);
    TRY_ASSIGN(const bool again, diagnostic.run());
    if (!again) return false;
    log::info("daemon", "leaving the diagnostic mode");
    if (!options.scripts_fault) continue;
    if (auto found = instance::find_scripts(std::nullopt)) {
      options.scripts = *found;
      options.scripts_fault.reset();
    }
  }
}

Result<bool> serve(DaemonOptions options, StartupReport& report) {
  report.phase("directories");
  TRY(make_directories(options.paths));
  report.phase("lock");
  TRY_ASSIGN(instance::Lock lock,
             instance::Lock::acquire(options.paths.lock, options.paths.socket.string()));
  for (const auto& folder : {options.paths.run, options.paths.data, options.paths.marks()})
    remove_stale_temporaries(folder);
  report.phase("log");
  TRY(log::configure({.file = options.paths.daemon_log(),
                      .to_stderr = options.ready_fd < 0,
                      .level = log::level_from_name(options.settings.log_level),
                      .instance = options.paths.instance}));
  raise_limits();
  if (options.restarts > 0) {
    log::error("daemon",
               "started anew: a script of the process before did not come back",
               {{"restarts", std::to_string(options.restarts)}});
  }
  arm_last_wall(options.command, options.restarts);
  return run_instance(std::move(options), lock, report);
}

/// The command line without what holds for this process only.
std::vector<std::string> lasting_words(int argc, char** argv) {
  std::vector<std::string> words = {instance::executable_path().string(), "moond"};
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--ready-fd" || word == "--restarts") {
      ++i;
    } else if (!word.starts_with("--ready-fd=") && !word.starts_with("--restarts=")) {
      words.emplace_back(word);
    }
  }
  return words;
}

/// Puts this program, as it is on the disk now, in the place of the running one: same process, same
/// arguments. Returns only when that fails.
Error begin_anew(char** argv) {
  const std::string program = instance::executable_path().string();
  // Whoever waited for the start has had its answer; the next one goes nowhere.
  const std::string nowhere = std::to_string(::open("/dev/null", O_WRONLY));
  std::vector<char*> arguments;
  for (char** each = argv; *each != nullptr; ++each) {
    arguments.push_back(*each);
    if (std::string_view(*each) != "--ready-fd" || each[1] == nullptr) continue;
    arguments.push_back(const_cast<char*>(nowhere.c_str()));
    ++each;
  }
  arguments.push_back(nullptr);
  ::execv(program.c_str(), arguments.data());
  return errno_error("starting " + program, errno);
}

}  // namespace

int daemon_main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("moond: the moonbox daemon", "moond");
  const CLI::App* run = parse(app, argc, argv, arguments);
  if (arguments.exit) return *arguments.exit;
  return_large_blocks();
  ::umask(0077);
  ::signal(SIGPIPE, SIG_IGN);
  StartupReport report{UniqueFd(arguments.ready_fd)};
  auto options = resolve(arguments, *run);
  if (options) {
    options->command = lasting_words(argc, argv);
    options->restarts = arguments.restarts;
  }
  Result<bool> served = options ? serve(std::move(*options), report) : fail(options.error());
  if (served && !*served) return 0;
  const Error error = served ? begin_anew(argv) : served.error();
  report.error(error);
  fmt::print(stderr, "moond: {}\n", error.message);
  if (!error.hint.empty()) fmt::print(stderr, "hint: {}\n", error.hint);
  return errc_info(error.code).exit_code;
}

}  // namespace engine::app
