#pragma once

#include "base/result.hh"
#include "base/time.hh"

#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace engine::script {

/// Named JSON values that outlive generations of scripts, for all VMs of the process. A service
/// (services.hh). Thread-safe; documents are kept as text, so VMs share nothing.
class StateTable {
 public:
  /// `marks` is the folder of the marks, made when the first one rises; none keeps them in memory.
  explicit StateTable(std::filesystem::path marks = {}) : marks_folder_(std::move(marks)) {}

  [[nodiscard]] std::optional<std::string> get(std::string_view name) const;
  /// `json` must be one valid document; nullopt removes the name.
  void set(std::string_view name, std::optional<std::string> json);
  /// Adds to a number (0 when absent or of another kind) in one step and gives the new one.
  double add(std::string_view name, double amount);
  /// The names that begin with `prefix`, in byte order.
  [[nodiscard]] std::vector<std::string> names(std::string_view prefix = {}) const;

  enum class Seen { first, again, full };
  /// Remembers `key` in the named set for `period` and tells whether it was there already; `full`
  /// when the set holds `limit` keys, and then it is not remembered. Whoever gives the same
  /// `owner`, not empty, sees it as first again.
  Seen once(std::string_view set,
            std::string_view key,
            std::string_view owner,
            TimePoint now,
            Milliseconds period,
            std::size_t limit);

  /// How far earlier runs of the program have raised a mark: a number that only rises and, unlike
  /// all else here, outlives the process. ERRORS: as read_file; Errc::corrupt.
  Result<std::uint64_t> mark(std::string_view name);
  /// Raises a mark to `value` at least; what is raised is on the disk. Waits for the flush.
  /// ERRORS: as write_file_atomic.
  Result<> raise(std::string_view name, std::uint64_t value);

 private:
  /// Keys in the order they came; forgotten from the front.
  struct Set {
    std::unordered_map<std::string, std::string> owners;
    std::deque<std::pair<TimePoint, std::string>> ends;
  };
  struct Mark {
    std::uint64_t found = 0;   ///< left by earlier runs
    std::uint64_t raised = 0;  ///< on the disk
  };
  Result<Mark*> find_mark(std::string_view name);

  mutable std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> values_;
  std::map<std::string, Set, std::less<>> sets_;
  std::filesystem::path marks_folder_;
  std::mutex marks_mutex_;  ///< its own: it is held while the disk is written
  std::map<std::string, Mark, std::less<>> marks_;
};

}  // namespace engine::script
