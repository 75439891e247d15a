#pragma once

#include "bindings/container_host.hh"
#include "script/vm.hh"

#include <functional>
#include <memory>

namespace engine::app {

/// A Lua state for one run, beside the runtime's own. Lives until its function has ended.
class IsolatedVm : public std::enable_shared_from_this<IsolatedVm> {
 public:
  /// Starts the run on the next turn of `loop`; keeps itself alive until `done` was called.
  static void run(loop::Loop& loop,
                  std::shared_ptr<const script::Snapshot> scripts,
                  bindings::IsolatedRun run,
                  Completion<std::string> done);

 private:
  IsolatedVm(loop::Loop& loop, bindings::IsolatedCall on_call, Completion<std::string> done);
  Result<> begin(std::shared_ptr<const script::Snapshot> scripts, const bindings::IsolatedRun& run);
  void finish(Result<std::string> result);

  loop::Loop& loop_;
  bindings::IsolatedCaller caller_;
  script::Services services_;
  std::unique_ptr<script::Vm> vm_;
  Completion<std::string> done_;
};

}  // namespace engine::app
