#include "app/container/container_main.hh"

#include "app/container/container_applets.hh"
#include "app/container/container_settings.hh"
#include "app/container/runtime.hh"
#include "base/log.hh"

#include <fmt/core.h>

#include <cstdio>
#include <string_view>

namespace engine::app {
namespace {

int init_main(int argc, char** argv) {
  const auto settings = parse_container_settings(argc, argv);
  if (!settings) {
    fmt::print(stderr, "moon-container: {}\n", settings.error().message);
    return 2;
  }
  const auto runtime = Runtime::start(*settings);
  if (!runtime) {
    const Error& error = runtime.error();
    fmt::print(stderr, "moon-container: {}\n{}\n", error.message, error.debug);
    return 1;
  }
  return (*runtime)->run();
}

}  // namespace

int container_main(int argc, char** argv) {
  const std::string_view word = argc > 1 ? argv[1] : "";
  if (word == "leader") return leader_applet(argc - 1, argv + 1);
  if (word == "copy") return copy_applet(argc - 1, argv + 1);
  if (word == "effect") return effect_applet(argc - 1, argv + 1);
  return init_main(argc, argv);
}

}  // namespace engine::app
