#include "app/daemon/last_wall.hh"

#include "script/guard.hh"

namespace engine::app {
namespace {

constexpr int kMostRestarts = 3;

}  // namespace

void arm_last_wall(std::vector<std::string> command, int restarts) {
  if (restarts >= kMostRestarts) {
    command.clear();
  } else {
    command.emplace_back("--restarts");
    command.push_back(std::to_string(restarts + 1));
  }
  script::Guard::set_replacement(std::move(command));
}

}  // namespace engine::app
