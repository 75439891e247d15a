#pragma once

namespace engine::app {

/// The program moon-cli. Returns the exit status.
int cli_main(int argc, char** argv);

}  // namespace engine::app
