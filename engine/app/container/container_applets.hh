#pragma once

namespace engine::app {

// The programs moon-container runs in processes of their own, each as its first argument. argv[0]
// is the applet's name.

/// `leader`: PID 1 of a subcontainer without a command; collects orphans until it is ended.
int leader_applet(int argc, char** argv);
/// `copy FROM TO`: makes TO equal to FROM; prints `progress FILES BYTES TOTAL` lines.
int copy_applet(int argc, char** argv);
/// `effect METHOD [JSON]`: calls the host and prints the result. The exit status of a failed call
/// is the error's number (1 if that does not fit).
int effect_applet(int argc, char** argv);

}  // namespace engine::app
