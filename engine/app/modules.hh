#pragma once

#include "script/vm.hh"

#include <span>

namespace engine::app {

/// The engine modules of the programs on the host. Daemon and CLI offer the same ones, since one
/// handler tree serves both; a function that needs what only one of them has raises in the other.
std::span<const script::Module> host_modules();

}  // namespace engine::app
