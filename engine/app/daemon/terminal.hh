#pragma once

namespace engine::app {

/// Whether this process has a controlling terminal that is still there.
bool has_terminal();

/// Whether SIGHUP means the end of this process when its terminal is gone, and not a wish to
/// reload: it was started at a terminal, and not under nohup. To be asked before signals are
/// handled.
bool ends_with_terminal();

}  // namespace engine::app
