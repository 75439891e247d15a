#pragma once

#include "base/result.hh"

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace engine::script {

/// The Lua sources of one moment, read once, compiled once to bytecode. Immutable; shared by all
/// VMs of a generation and all threads.
class Snapshot {
 public:
  struct File {
    std::string module;          ///< "core.echo"; a folder's init.lua is "lib.rpc"
    std::string name;            ///< "core/echo.lua", as tracebacks name it
    std::filesystem::path path;  ///< where it was read
    std::string source;
    std::string bytecode;
  };

  /// Reads every *.lua below `roots`; a file in an earlier root hides the same file in a later one.
  /// Files ending in _spec.lua and hidden ones are left out; a root that does not exist is empty.
  /// ERRORS: Errc::script with `info` = {"file", "line"}
  /// when a file does not compile; Errc::filesystem.
  static Result<std::shared_ptr<const Snapshot>> read(
      const std::vector<std::filesystem::path>& roots);

  [[nodiscard]] const File* find(std::string_view module) const;
  /// The file a traceback names ("core/echo.lua"), or null.
  [[nodiscard]] const File* find_by_name(std::string_view name) const;
  [[nodiscard]] const std::map<std::string, File, std::less<>>& files() const { return files_; }
  /// Hash of all names and sources, hexadecimal; equal snapshots have equal ids.
  [[nodiscard]] const std::string& fingerprint() const { return fingerprint_; }

 private:
  Result<> read_root(const std::filesystem::path& root);
  Result<> compile_all();

  std::map<std::string, File, std::less<>> files_;
  std::string fingerprint_;
};

}  // namespace engine::script
