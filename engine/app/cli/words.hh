#pragma once

#include "cli/command.hh"

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace engine::cli {

/// The words of one language, as the root of the tree brings them. What a tree does not translate
/// is shown as it is named. Value type; the tree outlives it.
class Words {
 public:
  using Arguments = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  explicit Words(const Command& root) : labels_(root.labels) {}

  /// A word of help pages: "usage".
  [[nodiscard]] std::string operator()(const std::string& name) const;
  /// A sentence with `%{name}` in it: say("missing", {{"argument", "ID"}}).
  [[nodiscard]] std::string say(const std::string& name, Arguments arguments) const;

 private:
  const std::map<std::string, std::string>& labels_;
};

}  // namespace engine::cli
