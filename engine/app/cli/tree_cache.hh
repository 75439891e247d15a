#pragma once

#include "json/value.hh"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace engine::cli {

/// The description of a command tree from an earlier run, so that a command need not load every
/// script to be understood. Lies in `directory`, which is made with mode 0700 and used only if it
/// belongs to the user and nobody else can write there. It never fails: what cannot be had, read or
/// written is as if it were not there. Value type.
class TreeCache {
 public:
  /// $XDG_CACHE_HOME/moonbox, else ~/.cache/moonbox; empty, which caches nothing, when neither is
  /// known.
  static std::filesystem::path default_directory();

  /// `key` says for what the description is: program, version, language, folders of the scripts.
  TreeCache(std::filesystem::path directory, std::string key);

  /// The description, if it was made from scripts with this fingerprint.
  [[nodiscard]] std::optional<json::Value> load(std::string_view fingerprint) const;
  /// `newest`: when one of the scripts was changed last, in nanoseconds since 1970. A change that
  /// comes soon after another may leave no trace in the times of the file, so nothing is kept when
  /// that is too recent.
  void store(std::string_view fingerprint, std::int64_t newest, const json::Value& tree) const;

 private:
  [[nodiscard]] std::string head(std::string_view fingerprint) const;

  std::filesystem::path directory_;
  std::string key_;
  std::string name_;
};

}  // namespace engine::cli
