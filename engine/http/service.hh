#pragma once

#include "base/unique_fd.hh"
#include "loop/loop.hh"
#include "net/connection_quota.hh"

#include "http/handler.hh"
#include "http/limits.hh"
#include "http/session.hh"
#include "http/tls_context.hh"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace engine::http {

/// What a new connection speaks.
struct AdoptOptions {
  std::shared_ptr<TlsContext> tls = {};  ///< none: plain
  Protocol protocol = Protocol::http;    ///< http (which may become WebSocket), or lines
  std::string already_read = {};         ///< bytes taken from the socket before, to tell what it is
  net::ConnectionQuota::Place place = {};  ///< held as long as the connection is open
};

/// The HTTP, WebSocket and TLS connections of one loop. Resource type; lives on that loop, its
/// thread-safe functions excepted. Destroying it cuts every connection.
class Service {
 public:
  /// `index` tells services of one process apart (below 4096, and different from those of
  /// net::LineService); the handler outlives the service.
  static Result<std::unique_ptr<Service>> open(loop::Loop& loop,
                                               Handler& handler,
                                               const Limits& limits = {},
                                               unsigned index = 0);
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  ~Service();

  /// Takes a connected, non-blocking socket; the session is opened on the loop. Thread-safe.
  void adopt(UniqueFd socket, AdoptOptions options = {});
  /// Connections open or about to be. Thread-safe.
  [[nodiscard]] std::size_t connections() const;
  [[nodiscard]] Session* find(std::uint64_t id) const;

  /// Takes no more requests; closes each connection when all it was asked is answered and written
  /// (WebSockets with 1001). `done` runs when none is left.
  void drain(Completion<> done);

 private:
  struct Impl;
  explicit Service(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace engine::http
