#pragma once

#include "base/result.hh"
#include "ns/contained_process.hh"
#include "ns/inner_cgroup.hh"
#include "ns/reaper.hh"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace engine::ns {

/// A directory or file of the container that appears inside a subcontainer. Value type.
struct SubcontainerMount {
  enum class Kind : std::uint8_t { directory, file, infer };

  std::filesystem::path source;   ///< base, trusted
  std::filesystem::path subpath;  ///< below the base; symbolic links in it do not lead out
  std::filesystem::path target;   ///< inside the image, made if missing
  bool read_only = false;
  Kind kind = Kind::directory;  ///< of a source that has to be made; infer: it must exist
};

/// An image root with a process tree of its own: own mounts, pids and IPC, the network of the
/// container. Resource type, on the reaper's loop. Destroying it kills everything inside.
class Subcontainer {
 public:
  struct Options {
    std::filesystem::path root;  ///< the image's writable root, mounted by the host
    std::vector<SubcontainerMount> mounts;
    std::string resolv_conf;       ///< content of etc/resolv.conf; empty: left alone
    std::filesystem::path leader;  ///< program of the idle leader; reaps and waits
    std::vector<std::string> leader_argv;
  };

  /// `groups` may be null: then there are no groups, and killing goes by process.
  Subcontainer(Reaper& reaper, InnerCgroups* groups, Options options);
  Subcontainer(const Subcontainer&) = delete;
  Subcontainer& operator=(const Subcontainer&) = delete;
  ~Subcontainer();

  /// Starts the idle leader, PID 1 of the namespaces. No effect when it runs.
  Result<> start();
  /// Runs `command` as PID 1 in fresh namespaces. ERRORS: Errc::busy while a leader runs.
  Result<std::unique_ptr<ContainedProcess>> launch(const Command& command);
  /// Runs `command` beside the leader, which is started if need be.
  Result<std::unique_ptr<ContainedProcess>> exec(const Command& command);

  /// Ends the leader and with it every process inside.
  void kill();
  [[nodiscard]] const std::filesystem::path& root() const { return options_.root; }
  /// Of all processes inside; empty without a memory controller.
  [[nodiscard]] std::optional<std::uint64_t> memory_bytes() const;

 private:
  Result<std::unique_ptr<ContainedProcess>> start_leader(const Command& command);
  Result<std::unique_ptr<CgroupLeaf>> make_group(const char* prefix);
  Result<> write_names() const;

  Reaper& reaper_;
  InnerCgroups* groups_;
  Options options_;
  std::unique_ptr<CgroupLeaf> branch_;
  std::unique_ptr<ContainedProcess> idle_;
  UniqueFd leader_pidfd_;  ///< of the leader, ours or a launched command
};

}  // namespace engine::ns
