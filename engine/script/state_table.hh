#pragma once

#include "base/time.hh"

#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace engine::script {

/// Named JSON values that outlive generations of scripts, for all VMs of the process. A service
/// (services.hh). Thread-safe; documents are kept as text, so VMs share nothing.
class StateTable {
 public:
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

 private:
  /// Keys in the order they came; forgotten from the front.
  struct Set {
    std::unordered_map<std::string, std::string> owners;
    std::deque<std::pair<TimePoint, std::string>> ends;
  };
  mutable std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> values_;
  std::map<std::string, Set, std::less<>> sets_;
};

}  // namespace engine::script
