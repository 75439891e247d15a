#pragma once

#include "base/unique_fd.hh"
#include "loop/fd_watch.hh"
#include "loop/loop.hh"

#include <memory>
#include <string>
#include <string_view>

namespace engine::ns {

/// Reads a process's output as it comes. Resource type, on its loop. The writer is slowed down by
/// the pipe when we are: at most `kBlock` bytes are taken per turn of the loop.
class LineReader {
 public:
  static constexpr std::size_t kBlock = 65'536;
  /// A longer line is cut into pieces of this size.
  static constexpr std::size_t kMaxLine = 16'384;

  /// `on_line` gets each line without its end. `on_end` runs once, after the last line.
  LineReader(loop::Loop& loop,
             UniqueFd pipe,
             UniqueFunction<void(std::string_view)> on_line,
             UniqueFunction<void()> on_end);
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;
  ~LineReader();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace engine::ns
