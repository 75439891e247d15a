#pragma once

namespace engine::lxc {

/// The helper process that starts one container, for the applet table of the program.
///
/// liblxc forks the container's monitor from its caller; a small process of our own keeps the
/// monitor small and free of the daemon's descriptors and threads. `argv` is NAME LXCPATH behind
/// the program's own words (the last two count), configuration items come on standard input. Gives
/// an exit status: 0 when the container runs; else the reason is on standard error.
int lxc_start_applet(int argc, char** argv);

}  // namespace engine::lxc
