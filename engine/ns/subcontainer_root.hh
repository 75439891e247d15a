#pragma once

#include "base/result.hh"
#include "ns/subcontainer.hh"

#include <filesystem>
#include <vector>

namespace engine::ns {

/// Makes `root` the root of the calling process, which must be alone in fresh mount, pid and IPC
/// namespaces: slave propagation, `mounts`, a proc of its own, the container's dev and sys with a
/// cgroup view of its own; then pivot_root. The old root is gone afterwards.
Result<> enter_subcontainer_root(const std::filesystem::path& root,
                                 const std::vector<SubcontainerMount>& mounts);

}  // namespace engine::ns
