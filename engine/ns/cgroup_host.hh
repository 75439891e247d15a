#pragma once

#include "base/result.hh"

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The host's view of control groups, on both layouts.
namespace engine::ns {

/// v2: one tree for everything. v1: a tree per controller; a v2 tree may stand beside them
/// ("hybrid"), without the controllers we need but with cgroup.kill.
enum class CgroupLayout : std::uint8_t { none, v1, v2 };
std::string_view cgroup_layout_name(CgroupLayout layout);

/// One mounted tree.
struct CgroupTree {
  std::filesystem::path mount_point;
  std::vector<std::string> controllers = {};
  bool v2 = false;
};

/// What is mounted. Value type.
struct CgroupHost {
  CgroupLayout layout = CgroupLayout::none;
  std::vector<CgroupTree> trees;

  /// The tree that has `controller` ("memory"), or null.
  [[nodiscard]] const CgroupTree* with(std::string_view controller) const;
  /// The v2 tree, or null; cgroup.kill lives there on both layouts.
  [[nodiscard]] const CgroupTree* unified() const;
};

/// Looks at the mount table. Never an error only because there are no cgroups: layout is `none`.
Result<CgroupHost> detect_cgroups();

/// The directory `.../payload/NAME` above a process of container `name`: where its limits are.
/// Read from the kernel, since a leftover can shift the name. ERRORS: Errc::not_found.
Result<std::filesystem::path> payload_cgroup_of(pid_t pid, const CgroupTree& tree);

/// The directories `SLICE/monitor/NAME` and `SLICE/payload/NAME` that exist in any tree.
Result<std::vector<std::filesystem::path>> find_container_cgroups(const CgroupHost& host,
                                                                  const std::string& slice,
                                                                  const std::string& name);

/// Removes a directory and those below it. A missing one is success.
/// ERRORS: Errc::busy while a process lives in it.
Result<> remove_cgroup(const std::filesystem::path& directory);

/// A number from a control file; empty for "max" and for v1's no-limit value.
/// ERRORS: Errc::not_found, Errc::parse_number.
Result<std::optional<std::uint64_t>> read_cgroup_number(const std::filesystem::path& file);

}  // namespace engine::ns
