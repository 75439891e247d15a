#pragma once

#include "base/result.hh"
#include "ns/loop_device.hh"

#include <string>
#include <vector>

namespace engine::lxc {

/// Something that keeps containers from working (fatal) or makes them weaker, and the remedy.
struct Problem {
  std::string what;
  std::string remedy;
  bool fatal = true;
};

/// What this host offers, for server.info and for an early refusal. Value type.
struct Probe {
  std::string lxc_version;
  std::string kernel;
  std::string cgroup_layout;  ///< "v1" (also hybrid), "v2", "none"
  bool memory_controller = false;
  bool pids_controller = false;
  bool cgroup_kill = false;  ///< a v2 tree is mounted
  bool apparmor = false;
  bool seccomp = false;
  bool squashfs_idmap = false;  ///< false: images are unpacked
  std::vector<Problem> problems;

  [[nodiscard]] bool works() const;
};

/// Looks at the host. `image` is any squashfs, to try an idmapped mount with; without one that
/// question is left open (`squashfs_idmap` false). Blocks some milliseconds.
Result<Probe> probe(const ns::FileRegion& image);

}  // namespace engine::lxc
