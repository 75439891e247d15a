#pragma once

#include "loop/completion.hh"

namespace engine::bindings {

/// What Ctrl-C does in a command that goes on after it. Lives on the VM's thread.
struct InterruptDesk {
  UniqueFunction<void()> handler;  ///< empty: the command is cancelled
};

}  // namespace engine::bindings
