#pragma once

#include "net/acceptor.hh"
#include "net/listen_address.hh"

#include <memory>

namespace engine::net {

/// Listens on a TCP port. Resource type, lives on one loop. An IPv6 listener takes no IPv4.
class TcpListener {
 public:
  /// `on_accept` gets non-blocking descriptors that send without delay (TCP_NODELAY).
  /// ERRORS: Errc::cannot_bind, naming the address.
  static Result<std::unique_ptr<TcpListener>> open(loop::Loop& loop,
                                                   const ListenAddress& address,
                                                   UniqueFunction<void(UniqueFd)> on_accept);

  /// With the port the kernel chose.
  [[nodiscard]] const ListenAddress& address() const { return address_; }

 private:
  TcpListener(loop::Loop& loop,
              UniqueFd socket,
              const ListenAddress& address,
              UniqueFunction<void(UniqueFd)> on_accept)
      : address_(address), acceptor_(loop, std::move(socket), std::move(on_accept)) {}

  ListenAddress address_;
  Acceptor acceptor_;
};

}  // namespace engine::net
