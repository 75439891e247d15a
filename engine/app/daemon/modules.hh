#pragma once

#include "script/vm.hh"

#include <span>

namespace engine::app {

/// The engine modules scripts of the daemon may require.
std::span<const script::Module> daemon_modules();

}  // namespace engine::app
