#include "app/daemon/service_manager.hh"

#include "base/log.hh"
#include "base/unique_fd.hh"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>

namespace engine::app {
namespace {

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

std::int64_t number_in(const char* name) {
  const std::string_view text = variable(name);
  std::int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ptr == text.data() + text.size() ? number : 0;
}

/// Half of what the watchdog waits; 0 when there is none, or it watches another process.
Milliseconds wanted_interval() {
  const std::int64_t process = number_in("WATCHDOG_PID");
  if (process != 0 && process != ::getpid()) return Milliseconds(0);
  return Milliseconds(std::max<std::int64_t>(number_in("WATCHDOG_USEC"), 0) / 2'000);
}

}  // namespace

ServiceManager::ServiceManager(loop::Loop& loop)
    : socket_(variable("NOTIFY_SOCKET")), interval_(wanted_interval()), timer_(loop) {}

void ServiceManager::ready(std::string_view status) {
  tell(fmt::format("READY=1\nMAINPID={}\nSTATUS={}", ::getpid(), status));
  keep_alive();
}

void ServiceManager::stopping() {
  tell("STOPPING=1\nSTATUS=stopping");
}

void ServiceManager::keep_alive() {
  if (socket_.empty() || interval_ <= Milliseconds(0)) return;
  tell("WATCHDOG=1");
  timer_.start(interval_, [this] { keep_alive(); });
}

void ServiceManager::tell(std::string_view state) const {
  sockaddr_un address{};
  if (socket_.empty() || socket_.size() >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  socket_.copy(address.sun_path, socket_.size());
  // A name that begins with @ is one of the kernel's own, without a file.
  if (socket_.front() == '@') address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size());
  const UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd && ::sendto(fd.get(),
                     state.data(),
                     state.size(),
                     MSG_NOSIGNAL,
                     reinterpret_cast<const sockaddr*>(&address),
                     size) >= 0) {
    return;
  }
  log::warn("daemon", "the service manager is not told", {{"error", std::strerror(errno)}});
}

}  // namespace engine::app
