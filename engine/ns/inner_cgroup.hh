#pragma once

#include "base/result.hh"
#include "base/unique_fd.hh"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// Control groups as seen by PID 1 of a container: the v2 tree below the directory the host gave
/// it.
namespace engine::ns {

/// One directory for one launch. Never used again after a kill: the kernel lets whatever is cloned
/// into it later die at birth. Resource type; destroying it kills what is left inside.
class CgroupLeaf {
 public:
  CgroupLeaf(std::filesystem::path path, UniqueFd directory);
  CgroupLeaf(const CgroupLeaf&) = delete;
  CgroupLeaf& operator=(const CgroupLeaf&) = delete;
  ~CgroupLeaf();

  [[nodiscard]] int fd() const { return directory_.get(); }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Kills every process in it and below.
  Result<> kill();
  /// Empty when the container has no memory controller.
  [[nodiscard]] std::optional<std::uint64_t> memory_bytes() const;

 private:
  std::filesystem::path path_;
  UniqueFd directory_;
};

/// The tree below PID 1's own group. Resource type.
class InnerCgroups {
 public:
  /// Mounts cgroup2 on `mount_point` unless it is there, moves this process to the leaf "init" and
  /// passes on the controllers it may. ERRORS: what the kernel refuses; the runtime then goes on
  /// without groups and kills by process.
  static Result<std::unique_ptr<InnerCgroups>> open(const std::filesystem::path& mount_point);

  /// A fresh directory with a name that was never used, for processes.
  Result<std::unique_ptr<CgroupLeaf>> make(const std::string& prefix, const CgroupLeaf& parent);
  /// The same at the top, for directories of processes.
  Result<std::unique_ptr<CgroupLeaf>> make_branch(const std::string& prefix);

  /// Takes back a leaf: kills what is in it and removes the directory, now or in a later `sweep`.
  void retire(std::unique_ptr<CgroupLeaf> leaf);
  /// Removes retired directories that have become empty.
  void sweep();
  [[nodiscard]] std::size_t retired() const { return retired_.size(); }

 private:
  explicit InnerCgroups(std::filesystem::path top) : top_(std::move(top)) {}

  Result<std::unique_ptr<CgroupLeaf>> make_at(const std::filesystem::path& parent,
                                              const std::string& prefix);

  std::filesystem::path top_;
  std::uint64_t next_ = 1;
  std::vector<std::filesystem::path> retired_;
};

}  // namespace engine::ns
