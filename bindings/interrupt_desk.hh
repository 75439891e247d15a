#pragma once

#include "loop/completion.hh"

namespace engine::bindings {

/// What ends a command before its time: Ctrl-C, and whoever read it going away. Lives on the VM's
/// thread.
struct InterruptDesk {
  UniqueFunction<void()> handler;          ///< empty: the command is cancelled
  UniqueFunction<void()> end_with_reader;  ///< from now on the latter does
  int signal = 0;                          ///< the one it was cancelled by
};

}  // namespace engine::bindings
