#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace engine::cli {

/// A file that was kept, mapped into memory. Resource type.
class KeptFile {
 public:
  KeptFile(const char* begin, std::size_t size) : all_(begin, size) {}
  KeptFile(KeptFile&& other) noexcept
      : all_(std::exchange(other.all_, {})), skipped_(other.skipped_) {}
  KeptFile& operator=(KeptFile&&) = delete;
  ~KeptFile();
  [[nodiscard]] std::string_view text() const { return all_.substr(skipped_); }
  void skip(std::size_t size) { skipped_ += size; }

 private:
  std::string_view all_;
  std::size_t skipped_ = 0;
};

/// What an earlier run made of all scripts, so that a command need not load every one of them to be
/// understood. Lies in `directory`, which is made with mode 0700 and used only if it belongs to the
/// user and nobody else can write there. It never fails: what cannot be had, read or written is as
/// if it were not there. Value type.
class StartCache {
 public:
  /// $XDG_CACHE_HOME/moonbox, else ~/.cache/moonbox; empty, which caches nothing, when neither is
  /// known.
  static std::filesystem::path default_directory();

  /// `key` says for what it is: program, version, language, folders of the scripts.
  StartCache(std::filesystem::path directory, std::string key);

  /// What was kept, if it was made from scripts with this fingerprint.
  [[nodiscard]] std::optional<KeptFile> load(std::string_view fingerprint) const;
  /// `newest`: when one of the scripts was changed last, in nanoseconds since 1970. A change that
  /// comes soon after another may leave no trace in the times of the file, so nothing is kept when
  /// that is too recent.
  void store(std::string_view fingerprint, std::int64_t newest, std::string_view text) const;

 private:
  [[nodiscard]] std::string head(std::string_view fingerprint) const;

  std::filesystem::path directory_;
  std::string key_;
  std::string name_;
};

}  // namespace engine::cli
