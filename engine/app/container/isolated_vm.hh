#pragma once

#include "bindings/container_host.hh"
#include "script/vm.hh"

#include <memory>
#include <string>

namespace engine::app {

/// Runs a function in a Lua state of its own, beside the runtime's, which lives until the function
/// has ended. Begins on the next turn of `loop`, which `done` is called on, too.
void run_isolated(loop::Loop& loop,
                  std::shared_ptr<const script::Snapshot> scripts,
                  bindings::IsolatedRun run,
                  Completion<std::string> done);

}  // namespace engine::app
