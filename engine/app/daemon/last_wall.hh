#pragma once

#include <string>
#include <vector>

namespace engine::app {

/// A script that the guard cannot stop takes the process down; from now on the next one begins in
/// its place, under the same pid, with `command` and `--restarts`, and adopts the containers. Not
/// for ever: a daemon that was caught again before it was ready, three times over, stays down.
void arm_last_wall(std::vector<std::string> command, int restarts);

}  // namespace engine::app
