#pragma once

#include "base/result.hh"
#include "base/time.hh"
#include "lxc/container_spec.hh"
#include "ns/idmap.hh"

/// The overlay a container boots from, and the end of everything. Blocking; for the offload pool.
namespace engine::lxc {

/// Builds the root: base image (idmapped, or unpacked where the kernel cannot), a fresh overlay
/// over it, hostname and hosts files, the rpc directory. What an earlier run left there is removed
/// first, so it may be called at any time the container does not run.
/// ERRORS: Errc::permission_denied when the directories above cannot be entered by the container.
Result<> prepare_root(const ContainerSpec& spec, ns::UserNamespaces& namespaces);

/// Makes it as if the container had never been: stops it, unmounts all, removes cgroups, link, run
/// and state directories. Goes on after a failure and reports the first. Idempotent. Of the spec
/// only name, lxcpath, run_dir, state_dir and the host's link are used.
Result<> teardown(const ContainerSpec& spec, Milliseconds grace);

}  // namespace engine::lxc
