#include "lxc/limits.hh"

#include "base/file.hh"
#include "ns/cgroup_host.hh"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>

namespace engine::lxc {
namespace {

using Number = std::optional<std::uint64_t>;

// The first of `files` that exists in the container's directory of `controller`.
Number read_first(const ns::CgroupHost& host,
                  pid_t init,
                  std::string_view controller,
                  std::initializer_list<const char*> files) {
  const ns::CgroupTree* tree = host.with(controller);
  if (tree == nullptr) return {};
  const auto directory = ns::payload_cgroup_of(init, *tree);
  if (!directory) return {};
  for (const char* file : files) {
    if (auto number = ns::read_cgroup_number(*directory / file)) return *number;
  }
  return {};
}

// "usage_usec 1234" in cpu.stat, "oom_kill 2" in memory.events and memory.oom_control.
Number field_of(const std::filesystem::path& file, std::string_view name) {
  std::string text(1, '\n');
  text += read_file(file).value_or("");
  const std::size_t at = text.find(fmt::format("\n{} ", name));
  if (at == std::string::npos) return {};
  std::uint64_t value = 0;
  std::from_chars(text.data() + at + name.size() + 2, text.data() + text.size(), value);
  return value;
}

Number read_field(const ns::CgroupHost& host,
                  pid_t init,
                  std::string_view controller,
                  const char* file,
                  std::string_view name) {
  const ns::CgroupTree* tree = host.with(controller);
  if (tree == nullptr) return {};
  const auto directory = ns::payload_cgroup_of(init, *tree);
  if (!directory) return {};
  return field_of(*directory / file, name);
}

// On v1 a kill is counted only in the group of its victim; v2 counts it in all groups above too.
std::uint64_t count_oom_kills(const ns::CgroupHost& host, pid_t init) {
  if (auto killed = read_field(host, init, "memory", "memory.events", "oom_kill")) return *killed;
  const ns::CgroupTree* tree = host.with("memory");
  if (tree == nullptr) return 0;
  const auto directory = ns::payload_cgroup_of(init, *tree);
  if (!directory) return 0;
  std::uint64_t killed = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(*directory, error)) {
    if (entry.path().filename() != "memory.oom_control") continue;
    killed += field_of(entry.path(), "oom_kill").value_or(0);
  }
  return killed;
}

Number cpu_time(const ns::CgroupHost& host, pid_t init) {
  if (auto nanoseconds = read_first(host, init, "cpuacct", {"cpuacct.usage"})) {
    return *nanoseconds / 1000;
  }
  return read_field(host, init, "cpu", "cpu.stat", "usage_usec");
}

std::string shown(const Number& number) {
  return number ? std::to_string(*number) : "unlimited";
}

Result<> compare(const char* what, std::uint64_t wanted, const Number& got) {
  if (got && *got == wanted) return {};
  return fail(
      Errc::lxc,
      fmt::format("the {} limit is not in force: {} instead of {}", what, shown(got), wanted));
}

}  // namespace

Result<Limits> read_limits(pid_t init) {
  TRY_ASSIGN(const ns::CgroupHost host, ns::detect_cgroups());
  return Limits{.memory = read_first(host, init, "memory", {"memory.max", "memory.limit_in_bytes"}),
                .pids = read_first(host, init, "pids", {"pids.max"})};
}

Result<Usage> read_usage(pid_t init) {
  TRY_ASSIGN(const ns::CgroupHost host, ns::detect_cgroups());
  Usage usage;
  usage.memory = read_first(host, init, "memory", {"memory.current", "memory.usage_in_bytes"});
  usage.memory_peak =
      read_first(host, init, "memory", {"memory.peak", "memory.max_usage_in_bytes"});
  usage.pids = read_first(host, init, "pids", {"pids.current"});
  usage.cpu_microseconds = cpu_time(host, init);
  usage.oom_kills = count_oom_kills(host, init);
  return usage;
}

Result<> check_limits(const ContainerSpec& spec, pid_t init) {
  TRY_ASSIGN(const ns::CgroupHost host, ns::detect_cgroups());
  TRY_ASSIGN(const Limits limits, read_limits(init));
  if (spec.memory_limit != 0 && host.with("memory") != nullptr) {
    const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    TRY(compare("memory", spec.memory_limit / page * page, limits.memory));
  }
  if (spec.pids_limit != 0 && host.with("pids") != nullptr) {
    TRY(compare("process count", spec.pids_limit, limits.pids));
  }
  return {};
}

}  // namespace engine::lxc
