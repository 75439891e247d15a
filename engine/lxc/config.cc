#include "lxc/config.hh"

#include "base/file.hh"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace engine::lxc {
namespace {

// The fields of a mount entry are separated by blanks; liblxc undoes \040.
std::string escape_mount_field(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\\') {
      out += fmt::format("\\{:03o}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out;
}

// The same address always has the same hardware address: a container that was started again is
// reached at once, however long its neighbours remember it.
std::string hardware_address(ns::Ipv4 address) {
  const std::uint32_t v = address.value;
  return fmt::format(
      "02:63:{:02x}:{:02x}:{:02x}:{:02x}", v >> 24, v >> 16 & 0xff, v >> 8 & 0xff, v & 0xff);
}

void add_network(ConfigItems& items, const NetworkSpec& network) {
  items.insert(items.end(),
               {{"lxc.net.0.type", "veth"},
                {"lxc.net.0.link", network.bridge},
                {"lxc.net.0.flags", "up"},
                {"lxc.net.0.name", "eth0"},
                {"lxc.net.0.hwaddr", hardware_address(network.address.address)},
                {"lxc.net.0.veth.pair", network.host_link},
                {"lxc.net.0.ipv4.address", network.address.str()},
                {"lxc.net.0.ipv4.gateway", network.gateway.str()}});
}

// A key of the other layout is ignored with a line in the log and the container runs unlimited;
// hence the choice here and the reading back after the start.
void add_limits(ConfigItems& items, const ContainerSpec& spec, const ns::CgroupHost& cgroups) {
  const bool v2 = cgroups.layout == ns::CgroupLayout::v2;
  if (spec.memory_limit != 0 && cgroups.with("memory") != nullptr) {
    const std::string limit = std::to_string(spec.memory_limit);
    items.emplace_back(v2 ? "lxc.cgroup2.memory.max" : "lxc.cgroup.memory.limit_in_bytes", limit);
    // A service half killed is worse than one started again; v1 knows no such thing.
    if (v2) items.emplace_back("lxc.cgroup2.memory.oom.group", "1");
  }
  if (spec.pids_limit != 0 && cgroups.with("pids") != nullptr) {
    items.emplace_back(v2 ? "lxc.cgroup2.pids.max" : "lxc.cgroup.pids.max",
                       std::to_string(spec.pids_limit));
  }
}

void add_isolation(ConfigItems& items, const ContainerSpec& spec, const HostFacts& host) {
  items.emplace_back("lxc.idmap", fmt::format("u 0 {} {}", spec.ids.base, spec.ids.count));
  items.emplace_back("lxc.idmap", fmt::format("g 0 {} {}", spec.ids.base, spec.ids.count));
  items.emplace_back("lxc.apparmor.profile", host.apparmor ? "generated" : "unconfined");
  if (host.apparmor) items.emplace_back("lxc.apparmor.allow_nesting", "1");
  if (!host.seccomp_profile.empty()) {
    items.emplace_back("lxc.seccomp.profile", host.seccomp_profile.string());
  }
  const std::string& slice = spec.cgroup_slice;
  items.emplace_back("lxc.cgroup.dir.monitor", fmt::format("{}/monitor/{}", slice, spec.name));
  items.emplace_back("lxc.cgroup.dir.container", fmt::format("{}/payload/{}", slice, spec.name));
  items.emplace_back("lxc.cgroup.dir.container.inner", "ns");
}

// Without a PATH of its own PID 1 would get the helper's.
void add_environment(ConfigItems& items, const ContainerSpec& spec) {
  items.emplace_back("lxc.environment", "PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
  for (const auto& setting : spec.environment)
    items.emplace_back("lxc.environment", setting);
}

bool apparmor_works() {
  auto enabled = read_file("/sys/module/apparmor/parameters/enabled");
  if (!enabled || !enabled->starts_with("Y")) return false;
  std::error_code ignored;
  return std::filesystem::exists("/sbin/apparmor_parser", ignored);
}

}  // namespace

Result<HostFacts> read_host_facts() {
  HostFacts facts;
  TRY_ASSIGN(facts.cgroups, ns::detect_cgroups());
  facts.apparmor = apparmor_works();
  constexpr const char* kProfile = "/usr/share/lxc/config/common.seccomp";
  std::error_code ignored;
  if (std::filesystem::exists(kProfile, ignored)) facts.seccomp_profile = kProfile;
  return facts;
}

ConfigItems make_config(const ContainerSpec& spec, const HostFacts& host) {
  ConfigItems items;
  if (!spec.lxc_log.empty()) {
    items.emplace_back("lxc.log.file", spec.lxc_log.string());
    items.emplace_back("lxc.log.level", "WARN");
  }
  items.emplace_back("lxc.arch", "linux64");
  items.emplace_back("lxc.uts.name", spec.hostname.empty() ? spec.name : spec.hostname);
  items.emplace_back("lxc.rootfs.path", "dir:" + spec.root().string());
  items.emplace_back("lxc.rootfs.options", "rshared");
  items.emplace_back("lxc.init.cmd", fmt::format("{}", fmt::join(spec.init, " ")));
  items.emplace_back("lxc.signal.halt", "SIGTERM");
  items.emplace_back("lxc.signal.stop", "SIGKILL");
  items.emplace_back("lxc.tty.max", "0");
  items.emplace_back("lxc.pty.max", "1024");
  items.emplace_back("lxc.mount.auto", "cgroup:mixed proc:mixed sys:mixed");
  items.emplace_back("lxc.mount.entry",
                     fmt::format("{} media/startos/rpc none bind,create=dir 0 0",
                                 escape_mount_field(spec.rpc_dir().string())));
  add_isolation(items, spec, host);
  add_limits(items, spec, host.cgroups);
  if (spec.network) add_network(items, *spec.network);
  if (!spec.console_log.empty()) {
    items.emplace_back("lxc.console.logfile", spec.console_log.string());
  }
  add_environment(items, spec);
  return items;
}

std::string pack_items(const ConfigItems& items) {
  std::string packed;
  for (const auto& [key, value] : items) {
    packed.append(key).push_back('\0');
    packed.append(value).push_back('\0');
  }
  return packed;
}

ConfigItems unpack_items(std::string_view packed) {
  ConfigItems items;
  const auto next = [&] {
    const std::size_t end = packed.find('\0');
    std::string text(packed.substr(0, end));
    packed.remove_prefix(end == std::string_view::npos ? packed.size() : end + 1);
    return text;
  };
  while (!packed.empty()) {
    std::string key = next();
    items.emplace_back(std::move(key), next());
  }
  return items;
}

}  // namespace engine::lxc
