#pragma once

#include "app/scratch/scratch_engines.hh"
#include "bindings/interrupt_desk.hh"
#include "base/result.hh"
#include "json/value.hh"
#include "loop/loop.hh"
#include "loop/offload.hh"
#include "script/services.hh"
#include "script/vm.hh"

#include <filesystem>
#include <memory>
#include <vector>

namespace engine::app {

/// The scripts of a command-line program: a loop, a VM and `core.cli_main` in it. Resource type;
/// lives on the thread that made it.
class ScriptHost {
 public:
  /// Reads the scripts below `roots` (earlier ones win). ERRORS: Errc::script with file and line.
  static Result<std::unique_ptr<ScriptHost>> open(const std::vector<std::filesystem::path>& roots);
  /// With the scripts that are built into the program.
  static Result<std::unique_ptr<ScriptHost>> open_embedded();
  ScriptHost(const ScriptHost&) = delete;
  ScriptHost& operator=(const ScriptHost&) = delete;

  /// The command tree as `lib.rpc.cli` describes it. ERRORS: Errc::script, a load error of a
  /// script.
  Result<json::Value> describe(const json::Value& options);

  /// Runs one command to its end and gives the exit status. SIGINT and SIGTERM cancel it; a second
  /// one ends the process. ERRORS: what the script raised.
  Result<int> run(const json::Value& invocation);

 private:
  ScriptHost();
  static Result<std::unique_ptr<ScriptHost>> with(std::shared_ptr<const script::Snapshot> scripts);

  loop::Loop loop_;
  loop::OffloadPool pool_;
  ScratchEngines scratch_;
  bindings::InterruptDesk interrupts_;
  script::Services services_;
  std::unique_ptr<script::Vm> vm_;
};

}  // namespace engine::app
