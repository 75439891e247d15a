#pragma once

namespace engine::app {

/// Chooses the applet by argv[0]'s base name, then by argv[1], and runs it. Returns the exit
/// status.
int run_applet(int argc, char** argv);

}  // namespace engine::app
