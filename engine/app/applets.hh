#pragma once

#include <string_view>

namespace engine::app {

/// One program inside the multi-call binary.
struct Applet {
  std::string_view name;
  int (*run)(int argc, char** argv);  ///< argv[0] is the applet's name
  bool hidden = false;                ///< left out of `--contents`: moonbox runs it by itself
};

/// The applet called `name` (a base name), or null.
const Applet* find_applet(std::string_view name);

/// Chooses the applet by argv[0]'s base name, then by argv[1], and runs it. Returns the exit
/// status.
int run_applet(int argc, char** argv);

}  // namespace engine::app
