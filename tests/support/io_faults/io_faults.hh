#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

/// A library that stands before libc: what this process writes to watched files is recorded, and a
/// chosen call can fail. Works as a preloaded library or linked; any thread.
namespace engine::test::io_faults {

struct Call {
  enum class Kind : unsigned char { write, sync, truncate };
  Kind kind = Kind::write;
  off_t offset = 0;        ///< of a write; the length of a truncation
  std::string bytes = {};  ///< what was written
  bool at_once = false;    ///< a write through a descriptor that flushes each one
  std::size_t file = 0;    ///< which of those that are watched
};

/// How a call fails: with an error number, or by writing only half.
inline constexpr int kShortWrite = -1;

/// Records the calls on `paths` from now on. One that does not exist yet is watched whenever it is
/// made, as long as it has that name. Replaces what was watched before.
void watch(const std::vector<std::string>& paths);
/// Ends recording and failing.
void stop();
/// The calls so far that did not fail.
std::vector<Call> recorded();
/// How many calls there were so far, failed ones included.
std::size_t count();
/// The call after `calls` more of them fails; all behind it too if `for_good`.
void fail_after(std::size_t calls, int how, bool for_good);
/// Whether a call has failed since `fail_after`.
bool has_failed();

}  // namespace engine::test::io_faults
