#include "app/container/container_applets.hh"

#include <signal.h>
#include <sys/wait.h>

#include <array>

namespace engine::app {

int leader_applet(int, char**) {
  sigset_t waited;
  sigemptyset(&waited);
  for (const int number : std::array{SIGCHLD, SIGTERM, SIGINT})
    sigaddset(&waited, number);
  sigprocmask(SIG_BLOCK, &waited, nullptr);
  while (true) {
    int number = 0;
    sigwait(&waited, &number);
    if (number != SIGCHLD) return 0;
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
  }
}

}  // namespace engine::app
