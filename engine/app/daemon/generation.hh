#pragma once

#include "base/result.hh"
#include "json/value.hh"
#include "rpc/method_table.hh"
#include "script/services.hh"
#include "script/snapshot.hh"
#include "script/vm.hh"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace engine::app {

/// Where scripts come from and what may be run of them; read from package.lua beside the scripts.
struct ScriptPackage {
  std::filesystem::path file;                ///< package.lua
  std::vector<std::filesystem::path> roots;  ///< overlay first
  std::map<std::string, std::string> trees;  ///< context → module that returns its handler tree
  std::string control;                       ///< module run on the control loop
  bool operator==(const ScriptPackage&) const = default;
};

/// All scripts of one moment: the sources and the method tables made from them. Immutable; shared
/// by every loop. Each loop has a VM of its own for it (ScriptLoop).
struct Generation {
  std::uint64_t id = 0;
  ScriptPackage package;
  std::shared_ptr<const script::Snapshot> scripts;
  std::map<std::string, std::shared_ptr<const rpc::MethodTable>, std::less<>> tables;
  /// context → array of methods
  std::map<std::string, std::shared_ptr<const json::Value>, std::less<>> descriptions;
  /// locale → label of each kind, by enumerator; empty where the scripts have none
  std::map<std::string, std::vector<std::string>, std::less<>> labels;
  std::chrono::system_clock::time_point loaded_at;

  /// The short name of `code` in `locale` ("de_DE"); empty: the English one of errc_info.
  [[nodiscard]] std::string_view label(std::string_view locale, Errc code) const;
  /// The methods of `context` as an array; an empty one where there is no such context.
  [[nodiscard]] json::Value description(std::string_view context) const;
};

/// Reads package.lua beside the shipped scripts. ERRORS: Errc::script, Errc::not_found.
Result<ScriptPackage> read_package(const std::filesystem::path& overlay,
                                   const std::filesystem::path& shipped);

/// What a load took, in microseconds, phase by phase.
struct LoadTimes {
  std::int64_t read = 0;
  std::int64_t compile = 0;
  std::int64_t build = 0;     ///< modules and handler trees, in a scratch VM
  std::int64_t validate = 0;  ///< descriptions, method tables, labels
  std::int64_t selftest = 0;
  std::int64_t vms = 0;   ///< one VM per loop
  std::int64_t swap = 0;  ///< until the last loop runs the new one
};

/// What there is to say of a load besides its result.
struct LoadReport {
  LoadTimes times;
  /// Of the scripts, also of those that are refused; empty: none were read.
  std::string fingerprint;
};

/// What a generation is loaded from, and with.
struct LoadRequest {
  std::uint64_t id = 0;
  std::filesystem::path overlay;  ///< empty: none
  std::filesystem::path shipped;
  std::shared_ptr<const Generation> before;  ///< what is as it was is shared with it; may be null
  /// Fingerprint of scripts that are not worth another try; may be empty.
  std::string refused = {};
};

/// Reads, compiles and builds everything in a scratch VM and runs the scripts' own selftests;
/// blocks (offload pool). The VM is gone when this returns: nothing of it leaks into the
/// generation. Scripts that are those of `before` are not built: `before` is the answer. Nor are
/// those of `refused`: the answer is null. ERRORS: Errc::script with file and line in `info`; the
/// caller keeps what it had.
Result<std::shared_ptr<const Generation>> load_generation(const LoadRequest& request,
                                                          const script::Services& services,
                                                          std::span<const script::Module> modules,
                                                          LoadReport& report);

/// The same of scripts in memory: trees is context → module. Blocks for some 20 ms.
Result<std::shared_ptr<const Generation>> load_embedded(
    const std::vector<script::Snapshot::Source>& sources,
    std::map<std::string, std::string> trees,
    const script::Services& services,
    std::span<const script::Module> modules);

/// Loads the handler trees of `generation` into `vm`: context → runner of each method, by name.
Result<script::Ref> load_trees(script::Vm& vm, const Generation& generation);

}  // namespace engine::app
