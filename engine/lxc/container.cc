#include "lxc/container.hh"

#include "base/file.hh"
#include "lxc/config.hh"
#include "lxc/handle.hh"
#include "lxc/limits.hh"
#include "ns/bridge.hh"
#include "ns/command.hh"
#include "ns/mount_table.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <thread>

namespace engine::lxc {
namespace {

constexpr Milliseconds kKillDeadline{20'000};
constexpr Milliseconds kMonitorDeadline{20'000};
constexpr Milliseconds kPoll{2};

Result<UniqueFd> in_memory(std::string_view content) {
  UniqueFd fd(::memfd_create("lxc-start", MFD_CLOEXEC));
  if (!fd) return fail_errno("memfd_create");
  TRY(write_all(fd.get(), content));
  if (::lseek(fd.get(), 0, SEEK_SET) != 0) return fail_errno("lseek");
  return fd;
}

off_t size_of(const std::filesystem::path& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  return error ? 0 : static_cast<off_t>(size);
}

// What liblxc has written since the start began: the only place where it gives its reasons.
std::string log_since(const std::filesystem::path& file, off_t from) {
  auto text = file.empty() ? std::string() : read_file(file).value_or("");
  if (static_cast<std::size_t>(from) <= text.size()) text.erase(0, static_cast<std::size_t>(from));
  constexpr std::size_t kTail = 4096;
  if (text.size() > kTail) text.erase(0, text.size() - kTail);
  return text;
}

Result<> run_helper(const ContainerSpec& spec, const StartHelper& helper) {
  TRY_ASSIGN(const HostFacts facts, read_host_facts());
  TRY_ASSIGN(const UniqueFd items, in_memory(pack_items(make_config(spec, facts))));
  std::vector<std::string> argv = helper.command;
  argv.push_back(spec.name);
  argv.push_back(spec.lxcpath.string());
  const off_t log_begin = spec.lxc_log.empty() ? 0 : size_of(spec.lxc_log);
  ns::CommandOptions options;
  options.stdin_fd = items.get();
  options.timeout = helper.timeout;
  // Not /usr/bin: if liblxc finds newuidmap it wants our ranges to be in /etc/subuid; without it,
  // root writes the map itself.
  options.environment = {"PATH=/usr/sbin:/sbin", "LC_ALL=C"};
  auto ran = ns::run_command(argv, options);
  if (ran) return {};
  Error error = std::move(ran).error();
  const std::string_view output = error.debug;
  const std::string said(output.substr(0, output.find('\n')));
  error.message =
      fmt::format("starting container {}: {}", spec.name, said.empty() ? error.message : said);
  if (error.code != Errc::timeout) error.code = Errc::lxc;
  error.debug.append(1, '\n').append(log_since(spec.lxc_log, log_begin));
  return fail(std::move(error));
}

// The monitor is the parent of PID 1 and outlives it by the time it needs for cleaning up.
UniqueFd monitor_of(pid_t init) {
  auto stat = read_file(fmt::format("/proc/{}/stat", init));
  const std::size_t name_end = stat ? stat->rfind(')') : std::string::npos;
  if (name_end == std::string::npos || name_end + 4 >= stat->size()) return {};
  const pid_t parent = std::atoi(stat->c_str() + name_end + 4);
  if (parent <= 1) return {};
  return UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, parent, 0U)));
}

Result<> end_init(const Running& running, Milliseconds grace) {
  const auto send = [&](int signal) {
    ::syscall(SYS_pidfd_send_signal, running.pidfd.get(), signal, nullptr, 0U);
  };
  send(SIGTERM);
  if (ns::wait_for_exit(running.pidfd.get(), grace)) return {};
  send(SIGKILL);
  return ns::wait_for_exit(running.pidfd.get(), kKillDeadline);
}

// Nothing tells that the monitor's socket has gone; asking costs 0.1 ms.
Result<> wait_until_stopped(const std::string& name, const std::filesystem::path& lxcpath) {
  const TimePoint deadline = Clock::now() + kMonitorDeadline;
  while (true) {
    TRY_ASSIGN(const std::string now, state(name, lxcpath));
    if (now == "STOPPED") return {};
    if (Clock::now() > deadline) {
      return fail(Errc::timeout, fmt::format("container {} stays {}", name, now));
    }
    std::this_thread::sleep_for(kPoll);
  }
}

}  // namespace

Result<std::string> state(const std::string& name, const std::filesystem::path& lxcpath) {
  TRY_ASSIGN(const Handle container, open_handle(name, lxcpath));
  const char* word = container->state(container.get());
  return std::string(word == nullptr ? "STOPPED" : word);
}

Result<Running> find_running(const std::string& name, const std::filesystem::path& lxcpath) {
  TRY_ASSIGN(const Handle container, open_handle(name, lxcpath));
  Running running;
  running.pidfd.reset(container->init_pidfd(container.get()));
  running.pid = container->init_pid(container.get());
  if (!running.pidfd || running.pid <= 0) {
    return fail(Errc::not_found, fmt::format("container {} does not run", name));
  }
  ::fcntl(running.pidfd.get(), F_SETFD, FD_CLOEXEC);
  return running;
}

Result<> remove_leftovers(const ContainerSpec& spec) {
  TRY_ASSIGN(const ns::CgroupHost host, ns::detect_cgroups());
  TRY_ASSIGN(const auto left, ns::find_container_cgroups(host, spec.cgroup_slice, spec.name));
  for (const auto& directory : left)
    TRY(ns::remove_cgroup(directory));
  if (spec.network) return ns::delete_link(spec.network->host_link);
  return {};
}

Result<Running> start(const ContainerSpec& spec, const StartHelper& helper) {
  TRY(check_spec(spec));
  TRY_ASSIGN(const std::string before, state(spec.name, spec.lxcpath));
  if (before != "STOPPED") {
    return fail(Errc::conflict, fmt::format("container {} is {} already", spec.name, before));
  }
  TRY(remove_leftovers(spec));
  if (auto ran = run_helper(spec, helper); !ran) {
    (void)stop(spec.name, spec.lxcpath, Milliseconds(0));
    (void)remove_leftovers(spec);
    return fail(std::move(ran).error());
  }
  auto running = find_running(spec.name, spec.lxcpath);
  auto limited = running ? check_limits(spec, running->pid) : Result<>();
  if (running && limited) return running;
  const bool alive = running && !ns::wait_for_exit(running->pidfd.get(), Milliseconds(0));
  (void)stop(spec.name, spec.lxcpath, Milliseconds(0));
  (void)remove_leftovers(spec);
  if (alive) return fail(std::move(limited).error());
  return fail(Error{.code = Errc::lxc,
                    .message = fmt::format("PID 1 of container {} ended at once", spec.name),
                    .hint = "its console log tells why",
                    .info = {},
                    .debug = spec.console_log.string()});
}

Result<Running> adopt(const ContainerSpec& spec) {
  TRY_ASSIGN(Running running, find_running(spec.name, spec.lxcpath));
  TRY_ASSIGN(const bool mounted, ns::is_mount_point(spec.root()));
  if (!mounted) {
    return fail(Errc::conflict,
                fmt::format("container {} runs, but its root is not mounted", spec.name));
  }
  if (auto limited = check_limits(spec, running.pid); !limited) {
    limited.error().code = Errc::conflict;
    return fail(std::move(limited).error());
  }
  return running;
}

Result<std::vector<std::string>> list_active(const std::filesystem::path& lxcpath) {
  char** names = nullptr;
  TRY_ASSIGN(const Library* lxc, Library::load());
  const int count = lxc->list_active(lxcpath.c_str(), &names, nullptr);
  if (count < 0) return fail(Errc::lxc, "liblxc cannot list containers of " + lxcpath.string());
  std::vector<std::string> active;
  for (int i = 0; i < count; ++i) {
    active.emplace_back(names[i]);
    std::free(names[i]);
  }
  std::free(names);
  return active;
}

Result<> stop(const std::string& name, const std::filesystem::path& lxcpath, Milliseconds grace) {
  UniqueFd monitor;
  if (auto running = find_running(name, lxcpath)) {
    monitor = monitor_of(running->pid);
    TRY(end_init(*running, grace));
  }
  TRY(wait_until_stopped(name, lxcpath));
  // The socket goes first, the monitor's cgroup last.
  if (monitor) return ns::wait_for_exit(monitor.get(), kMonitorDeadline);
  return {};
}

}  // namespace engine::lxc
