#pragma once

#include "base/result.hh"
#include "base/unique_fd.hh"

#include <sys/types.h>

#include <filesystem>
#include <string>

namespace engine::instance {

/// What the holder of an instance writes into its lock file.
struct LockRecord {
  pid_t pid = 0;
  std::uint64_t start_time = 0;  ///< of the process, in clock ticks since boot (/proc/PID/stat)
  std::string boot_id;
  std::string instance_id;  ///< random, new with every start
  std::string version;
  std::string socket;
};

/// The guard against two daemons on one instance: an exclusive `flock`, dropped by the kernel
/// however the process ends, so it cannot be stale. Resource type.
class Lock {
 public:
  /// Takes the lock and records this process. ERRORS: Errc::instance_held naming the holder's pid,
  /// and then nothing has been changed; Errc::data_dir_unusable.
  static Result<Lock> acquire(const std::filesystem::path& path, const std::string& socket);

  /// The record of whoever holds the lock; Errc::not_found when nobody does.
  static Result<LockRecord> holder(const std::filesystem::path& path);

  [[nodiscard]] const LockRecord& record() const { return record_; }

 private:
  Lock(UniqueFd fd, LockRecord record) : fd_(std::move(fd)), record_(std::move(record)) {}
  UniqueFd fd_;
  LockRecord record_;
};

/// Start time of a process as /proc tells it, 0 when it is gone. With the pid it names a process
/// for good.
std::uint64_t process_start_time(pid_t pid);

}  // namespace engine::instance
