#pragma once

namespace engine::app {

/// moon-container: PID 1 of a container, and the small programs it runs beside itself.
/// Returns the exit status.
int container_main(int argc, char** argv);

}  // namespace engine::app
