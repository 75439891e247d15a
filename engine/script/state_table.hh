#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
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
  [[nodiscard]] std::vector<std::string> names() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace engine::script
