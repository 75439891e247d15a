#pragma once

#include "script/snapshot.hh"

#include <vector>

namespace engine::app {

/// The shipped scripts, built into the program, as they were when it was built. The diagnostic tree
/// runs from them, and moon-cli when the shipped ones do not load: there must be a tool to mend
/// them with.
std::vector<script::Snapshot::Source> embedded_scripts();

}  // namespace engine::app
