#pragma once

#include "loop/completion.hh"

namespace engine::bindings {

/// What Ctrl-C does in a command, and has done. Lives on the VM's thread.
struct InterruptDesk {
  UniqueFunction<void()> handler;  ///< empty: the command is cancelled
  int signal = 0;                  ///< the one it was cancelled by
};

}  // namespace engine::bindings
