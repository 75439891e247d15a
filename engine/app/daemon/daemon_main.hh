#pragma once

namespace engine::app {

/// The program `moond`: `moond run [options]` serves one instance in the foreground until it is
/// told to stop. Returns the exit status (daemon-supervision reference, REQ-7).
int daemon_main(int argc, char** argv);

}  // namespace engine::app
