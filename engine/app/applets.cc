#include "app/applets.hh"

#include "app/cli/cli_main.hh"
#include "app/container/container_main.hh"
#include "app/daemon/daemon_main.hh"
#include "base/version.hh"
#include "instance/store_tool.hh"
#include "lxc/start_applet.hh"

#include <fmt/core.h>

#include <array>
#include <cstdio>
#include <string>

namespace engine::app {
namespace {

/// One program inside the multi-call binary.
struct Applet {
  std::string_view name;
  int (*run)(int argc, char** argv);  ///< argv[0] is the applet's name
  bool hidden = false;                ///< left out of `--contents`: moonbox runs it by itself
};

int not_built_yet(std::string_view name, std::string_view what, std::string_view instead) {
  fmt::print(
      stderr, "{}: not built yet: {} is a later part of moonbox.\n{}\n", name, what, instead);
  return 1;
}

int registry_main(int, char**) {
  return not_built_yet("moon-registry",
                       "the package registry",
                       "What exists: moon-cli package sideload FILE.s9pk installs from a file.");
}

int tunnel_main(int, char**) {
  return not_built_yet("moon-tunnel",
                       "the VPN daemon",
                       "What exists: a container's address on the host's own bridge; "
                       "moon-cli package info ID shows it.");
}

constexpr std::array kApplets = {
    Applet{"moond", daemon_main},
    Applet{"moon-cli", cli_main},
    Applet{"moon-container", container_main},
    Applet{"moon-registry", registry_main},
    Applet{"moon-tunnel", tunnel_main},
    Applet{"lxc-start", lxc::lxc_start_applet, true},
    Applet{"store-tool", instance::store_tool_applet, true},
};

std::string_view base_name(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

/// The applet called `name` (a base name), or null.
const Applet* find_applet(std::string_view name) {
  for (const Applet& applet : kApplets) {
    if (applet.name == name) return &applet;
  }
  return nullptr;
}

int list_contents() {
  for (const Applet& applet : kApplets) {
    if (!applet.hidden) fmt::print("{}\n", applet.name);
  }
  return 0;
}

int usage(std::FILE* out, int status) {
  fmt::print(out,
             "moonbox {} is several programs in one file.\n\n"
             "usage: moonbox PROGRAM [ARGUMENT…]   or a link to moonbox with the program's name\n"
             "       moonbox --contents            lists the programs\n"
             "       moonbox --version\n\n"
             "Begin with: moonbox moon-cli --help\n",
             kVersion);
  return status;
}

int run_by_first_argument(int argc, char** argv) {
  const std::string_view word = argc > 1 ? argv[1] : "";
  if (word.empty()) return usage(stderr, 2);
  if (word == "--help" || word == "-h") return usage(stdout, 0);
  if (word == "--contents") return list_contents();
  if (word == "--version" || word == "-V") {
    fmt::print("moonbox {}\n", kVersion);
    return 0;
  }
  if (const Applet* applet = find_applet(base_name(word))) return applet->run(argc - 1, argv + 1);
  fmt::print(stderr, "moonbox: there is no program '{}'; moonbox --contents lists them\n", word);
  return 2;
}

}  // namespace

int run_applet(int argc, char** argv) {
  const std::string_view self = argc > 0 ? base_name(argv[0]) : std::string_view{};
  if (const Applet* applet = find_applet(self)) return applet->run(argc, argv);
  return run_by_first_argument(argc, argv);
}

}  // namespace engine::app
