#include "lxc/probe.hh"

#include "base/file.hh"
#include "lxc/config.hh"
#include "lxc/handle.hh"
#include "ns/idmap.hh"
#include "ns/squashfs.hh"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

namespace engine::lxc {
namespace {

// In a user namespace root is root of a part only: no loop devices, no idmapped mounts.
bool has_all_ids() {
  std::istringstream map(read_file("/proc/self/uid_map").value_or(""));
  std::uint64_t inside = 0;
  std::uint64_t outside = 0;
  std::uint64_t count = 0;
  map >> inside >> outside >> count;
  return inside == 0 && outside == 0 && count == 4294967295U;
}

bool exists(const char* path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

void look_for_programs(std::vector<Problem>& problems) {
  const std::pair<const char*, const char*> needed[] = {
      {"/usr/bin/newuidmap", "uidmap"},
      {"/usr/bin/mksquashfs", "squashfs-tools"},
      {"/usr/bin/unsquashfs", "squashfs-tools"},
  };
  for (const auto& [program, package] : needed) {
    if (exists(program)) continue;
    problems.push_back(
        {fmt::format("{} is missing", program), fmt::format("install the package {}", package)});
  }
}

void look_at_rights(std::vector<Problem>& problems) {
  if (::geteuid() != 0) problems.push_back({"containers need root", "run moond as root"});
  if (!has_all_ids()) {
    problems.push_back({"this process lives in a user namespace",
                        "run moond on the host itself, not inside a container"});
  }
  if (!exists("/dev/loop-control")) {
    problems.push_back({"there are no loop devices", "load the kernel module `loop`"});
  }
}

void look_at_controllers(const ns::CgroupHost& host, Probe& probe) {
  probe.cgroup_layout = ns::cgroup_layout_name(host.layout);
  probe.memory_controller = host.with("memory") != nullptr;
  probe.pids_controller = host.with("pids") != nullptr;
  probe.cgroup_kill = host.unified() != nullptr;
  if (host.layout == ns::CgroupLayout::none) {
    probe.problems.push_back({"no control groups are mounted", "mount them at /sys/fs/cgroup"});
  } else if (!probe.memory_controller) {
    probe.problems.push_back({"the memory controller is off: services run without a memory limit",
                              "boot with cgroup_enable=memory",
                              false});
  }
}

}  // namespace

bool Probe::works() const {
  return std::none_of(
      problems.begin(), problems.end(), [](const Problem& problem) { return problem.fatal; });
}

Result<Probe> probe(const ns::FileRegion& image) {
  Probe probe;
  if (const auto lxc = Library::load()) {
    probe.lxc_version = (*lxc)->get_version();
  } else {
    probe.problems.push_back({lxc.error().message, lxc.error().hint});
  }
  utsname names{};
  if (::uname(&names) == 0) probe.kernel = names.release;
  look_at_rights(probe.problems);
  look_for_programs(probe.problems);
  TRY_ASSIGN(const HostFacts facts, read_host_facts());
  probe.apparmor = facts.apparmor;
  probe.seccomp = !facts.seccomp_profile.empty();
  look_at_controllers(facts.cgroups, probe);
  if (image.file.empty() || !probe.works()) return probe;
  TRY_ASSIGN(const UniqueFd userns, ns::make_idmap_userns({}));
  TRY_ASSIGN(probe.squashfs_idmap, ns::squashfs_takes_idmap(image, userns.get()));
  return probe;
}

}  // namespace engine::lxc
