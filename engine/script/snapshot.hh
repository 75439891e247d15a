#pragma once

#include "base/result.hh"

#include <cstdint>
#include <filesystem>
#include <functional>
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
    std::size_t root = 0;        ///< which of the roots
    std::string stamp = {};      ///< hash of the source; of an index: changes with every write
    mutable std::string source;  ///< of an index: empty until `find` gave the file
    std::string bytecode;
  };
  using FilePtr = std::shared_ptr<const File>;

  /// What there is to say of a reading besides its result.
  struct Report {
    std::int64_t read = 0;         ///< microseconds it took
    std::int64_t compile = 0;      ///< the same of compiling
    std::string fingerprint = {};  ///< of what was read, also where it does not compile
  };

  /// Reads every *.lua below `roots`; a file in an earlier root hides the same file in a later one.
  /// Files ending in _spec.lua, hidden files and folders are left out; a root that does not exist
  /// is empty. A file that is as it was in `before` is not compiled again but shared with it.
  /// ERRORS: Errc::script with `info` = {"file", "line", "source"} when a file does not compile,
  /// {"file"} when what has the name of a script is no file; Errc::filesystem.
  static Result<std::shared_ptr<const Snapshot>> read(
      const std::vector<std::filesystem::path>& roots,
      const Snapshot* before = nullptr,
      Report* report = nullptr);

  /// A file that lies on no disk. Views.
  struct Source {
    std::string_view name;  ///< "core/echo.lua"
    std::string_view text;
  };
  /// The same of sources that are in memory.
  static Result<std::shared_ptr<const Snapshot>> make(const std::vector<Source>& sources);
  /// The files by name only; each is read when it is first found. For a program that lives shortly
  /// and needs few of them. Not compiled beforehand, and for one VM on one thread only.
  /// ERRORS: Errc::script (two files of one module), Errc::filesystem.
  static Result<std::shared_ptr<Snapshot>> index(const std::vector<std::filesystem::path>& roots);
  /// Of an index: `code` gives what a module of these very sources was compiled to earlier, or
  /// nothing.
  void use_code(std::function<std::string_view(std::string_view module)> code) {
    code_ = std::move(code);
  }

  [[nodiscard]] const File* find(std::string_view module) const;
  /// The same; of an index, without reading the file.
  [[nodiscard]] const File* entry(std::string_view module) const;
  /// What `file` was compiled to; empty when that is not known.
  [[nodiscard]] std::string_view code(const File& file) const {
    return file.bytecode.empty() && code_ ? code_(file.module) : std::string_view(file.bytecode);
  }
  /// The file a traceback names ("core/echo.lua"), or null.
  [[nodiscard]] const File* find_by_name(std::string_view name) const;
  /// By module.
  [[nodiscard]] const std::map<std::string, FilePtr, std::less<>>& files() const { return files_; }
  /// Hash of all names and sources (of an index: of names and stamps), hexadecimal; equal snapshots
  /// have equal ids.
  [[nodiscard]] const std::string& fingerprint() const { return fingerprint_; }
  /// Of an index: when a file was changed last, in nanoseconds since 1970.
  [[nodiscard]] std::int64_t newest() const { return newest_; }

 private:
  /// A reading under way: what it may share, and what it has found besides.
  struct Reading {
    const Snapshot* before = nullptr;
    std::vector<std::shared_ptr<File>> fresh;
  };
  Result<> read_root(const std::filesystem::path& root, std::size_t index, Reading& reading);
  Result<> take_file(File& file);
  void keep(File file, Reading& reading);
  Result<> compile_all(Reading& reading);
  void take_fingerprint(const std::vector<std::filesystem::path>& roots = {});

  std::map<std::string, FilePtr, std::less<>> files_;
  std::string fingerprint_;
  std::function<std::string_view(std::string_view)> code_;
  bool index_ = false;
  std::int64_t newest_ = 0;
};

/// Files by name ("core/echo.lua") that two snapshots do not have in common; in byte order.
struct SnapshotDiff {
  std::vector<std::string> added;
  std::vector<std::string> removed;
  std::vector<std::string> changed;
};
SnapshotDiff diff(const Snapshot& before, const Snapshot& after);

/// Line `number` (from 1) of a text without its end; empty when it has fewer.
std::string_view source_line(std::string_view text, int number);

}  // namespace engine::script
