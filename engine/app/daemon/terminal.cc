#include "app/daemon/terminal.hh"

#include "base/unique_fd.hh"

#include <fcntl.h>
#include <signal.h>

namespace engine::app {

bool has_terminal() {
  // The kernel takes the terminal away from the whole session when it hangs up.
  return static_cast<bool>(UniqueFd(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)));
}

bool ends_with_terminal() {
  struct sigaction action {};
  const bool ignored = ::sigaction(SIGHUP, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
  return !ignored && has_terminal();
}

}  // namespace engine::app
