#pragma once

#include "base/result.hh"
#include "ns/idmap.hh"
#include "ns/ipv4.hh"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace engine::lxc {

/// The container's one interface besides lo, `eth0`.
struct NetworkSpec {
  std::string bridge;     ///< exists already (ns::ensure_bridge)
  std::string host_link;  ///< the host's end of the pair, at most 15 characters, ours alone
  ns::Ipv4Net address;    ///< of the container
  ns::Ipv4 gateway;       ///< address of the bridge
};

/// Everything needed to build, start, adopt and tear down one container. Value type.
///
/// Nothing is saved beside it: a daemon that starts again makes the same spec from its store and
/// adopts. Directories below `run_dir` may vanish between starts; those below `state_dir` are wiped
/// at each preparation.
struct ContainerSpec {
  std::string name;                 ///< liblxc's name: letters, digits, '-', '_', '.'
  std::filesystem::path lxcpath;    ///< liblxc's directory; the same one for start and adoption
  std::filesystem::path image;      ///< base image, a squashfs
  std::string image_key;            ///< names the image's content; for unpack_cache
  ns::IdRange ids;                  ///< host ids of the container
  std::filesystem::path state_dir;  ///< on disk, holds upper/ and work/
  std::filesystem::path run_dir;    ///< short; holds root/ (the mount point), lower/ and rpc/
  std::optional<NetworkSpec> network;
  std::string hostname;
  std::uint64_t memory_limit = 0;        ///< bytes; 0: none
  std::uint64_t pids_limit = 0;          ///< 0: none
  std::filesystem::path console_log;     ///< output of PID 1; empty: none
  std::filesystem::path lxc_log;         ///< what liblxc has to say; empty: none
  std::vector<std::string> init;         ///< argv of PID 1
  std::vector<std::string> environment;  ///< K=V
  std::string cgroup_slice = "moonbox";

  /// Images are unpacked here where the kernel gives squashfs no idmapped mounts.
  std::filesystem::path unpack_cache;
  bool unpack = false;  ///< true: always unpack

  [[nodiscard]] std::filesystem::path root() const { return run_dir / "root"; }
  [[nodiscard]] std::filesystem::path rpc_dir() const { return run_dir / "rpc"; }
};

/// Checks what can be checked without touching anything. ERRORS: Errc::invalid_params.
Result<> check_spec(const ContainerSpec& spec);

/// The same for what a teardown uses: name, lxcpath, run_dir, state_dir.
Result<> check_places(const ContainerSpec& spec);

}  // namespace engine::lxc
