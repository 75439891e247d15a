#pragma once

#include "loop/loop.hh"

#include <filesystem>
#include <memory>
#include <vector>

namespace engine::loop {

/// Tells when something changed in directory trees (files written, created, moved, deleted),
/// through inotify. Changes within `quiet` of each other are one notice. Directories that appear
/// later are watched too. Resource type.
class FileWatch {
 public:
  /// A root that does not exist is skipped. ERRORS: Errc::filesystem (limit of inotify reached).
  static Result<std::unique_ptr<FileWatch>> open(Loop& loop,
                                                 std::vector<std::filesystem::path> roots,
                                                 Milliseconds quiet,
                                                 UniqueFunction<void()> on_change);
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;
  ~FileWatch();

 private:
  struct Impl;
  explicit FileWatch(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace engine::loop
