#include "net/tcp_listener.hh"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cerrno>
#include <system_error>

namespace engine::net {
namespace {

constexpr int kBacklog = 512;

tl::unexpected<Error> cannot_bind(const ListenAddress& address, int problem) {
  std::string hint;
  if (problem == EADDRINUSE) {
    hint = fmt::format(
        "another program listens there (ss -ltnp 'sport = {}' names it): "
        "choose another port",
        address.port());
  } else if (problem == EACCES) {
    hint = "ports below 1024 are root's: choose a higher one";
  } else if (problem == EADDRNOTAVAIL) {
    hint = "this machine has no such address";
  }
  return fail(Error{
      .code = Errc::cannot_bind,
      .message = fmt::format(
          "cannot listen on {}: {}", address.text(), std::generic_category().message(problem)),
      .hint = std::move(hint)});
}

bool set_option(int socket, int level, int name) {
  const int on = 1;
  return ::setsockopt(socket, level, name, &on, sizeof on) == 0;
}

}  // namespace

Result<std::unique_ptr<TcpListener>> TcpListener::open(loop::Loop& loop,
                                                       const ListenAddress& address,
                                                       UniqueFunction<void(UniqueFd)> on_accept) {
  const int family = address.address.ss_family;
  UniqueFd socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return cannot_bind(address, errno);
  // Accepted sockets inherit TCP_NODELAY.
  if (!set_option(socket.get(), SOL_SOCKET, SO_REUSEADDR) ||
      !set_option(socket.get(), IPPROTO_TCP, TCP_NODELAY) ||
      (family == AF_INET6 && !set_option(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY))) {
    return cannot_bind(address, errno);
  }
  const auto* raw = reinterpret_cast<const sockaddr*>(&address.address);
  if (::bind(socket.get(), raw, address.size) != 0 || ::listen(socket.get(), kBacklog) != 0) {
    return cannot_bind(address, errno);
  }
  ListenAddress bound = address;
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&bound.address), &bound.size) != 0) {
    return cannot_bind(address, errno);
  }
  return std::unique_ptr<TcpListener>(
      new TcpListener(loop, std::move(socket), bound, std::move(on_accept)));
}

}  // namespace engine::net
