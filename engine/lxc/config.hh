#pragma once

#include "lxc/container_spec.hh"
#include "ns/cgroup_host.hh"

#include <string>
#include <utility>
#include <vector>

namespace engine::lxc {

/// What of the host decides over the configuration. Value type.
struct HostFacts {
  ns::CgroupHost cgroups;
  bool apparmor = false;                  ///< active, and its parser is there
  std::filesystem::path seccomp_profile;  ///< empty: none installed
};
Result<HostFacts> read_host_facts();

using ConfigItems = std::vector<std::pair<std::string, std::string>>;

/// The items for liblxc, in the order to set them. No file of the distribution takes part, so that
/// none can change our policy.
ConfigItems make_config(const ContainerSpec& spec, const HostFacts& host);

/// Pairs as bytes, for the helper process: each string with its terminating NUL.
std::string pack_items(const ConfigItems& items);
ConfigItems unpack_items(std::string_view packed);

}  // namespace engine::lxc
