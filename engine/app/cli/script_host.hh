#pragma once

#include "app/scratch/scratch_engines.hh"
#include "base/result.hh"
#include "bindings/interrupt_desk.hh"
#include "json/value.hh"
#include "loop/loop.hh"
#include "loop/offload.hh"
#include "script/services.hh"
#include "script/snapshot.hh"
#include "script/vm.hh"

#include <memory>

namespace engine::app {

/// The scripts of a command-line program: a loop, a VM and `core.cli_main` in it. Resource type;
/// lives on the thread that made it.
class ScriptHost {
 public:
  static Result<std::unique_ptr<ScriptHost>> open(std::shared_ptr<const script::Snapshot> scripts);
  /// The scripts that are built into the program.
  static Result<std::shared_ptr<const script::Snapshot>> embedded();
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

  loop::Loop loop_;
  loop::OffloadPool pool_;
  ScratchEngines scratch_;
  bindings::InterruptDesk interrupts_;
  script::Services services_;
  std::unique_ptr<script::Vm> vm_;
};

}  // namespace engine::app
