// The limit of any local socket server: one thread, epoll, one read, one write, no parsing. Echoes
// whatever arrives.
//   echo_raw PATH
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

namespace {

int listen_on(const char* path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ::unlink(path);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return -1;
  return ::listen(fd, 512) == 0 ? fd : -1;
}

void add(int epoll, int fd) {
  epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

/// False: the connection is over.
bool echo(int fd) {
  alignas(64) static char buffer[1U << 16U];
  const ssize_t got = ::read(fd, buffer, sizeof buffer);
  if (got <= 0) return got < 0 && errno == EAGAIN;
  for (ssize_t sent = 0; sent < got;) {
    const ssize_t n = ::write(fd, buffer + sent, static_cast<std::size_t>(got - sent));
    if (n > 0) {
      sent += n;
    } else if (errno != EAGAIN) {
      return false;
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: echo_raw PATH\n");
    return 2;
  }
  ::signal(SIGPIPE, SIG_IGN);
  const int listener = listen_on(argv[1]);
  if (listener < 0) {
    std::perror("echo_raw");
    return 1;
  }
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  add(epoll, listener);
  epoll_event events[256];
  for (;;) {
    const int count = ::epoll_wait(epoll, events, 256, -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[i].data.fd;
      if (fd == listener) {
        const int client = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (client >= 0) add(epoll, client);
      } else if (!echo(fd)) {
        ::close(fd);
      }
    }
  }
}
