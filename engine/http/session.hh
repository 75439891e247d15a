#pragma once

#include "loop/completion.hh"
#include "net/unix_address.hh"

#include "http/answer.hh"
#include "http/message.hh"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace engine::http {

enum class Protocol : std::uint8_t { http, websocket, lines };

/// One connection. Made and owned by a Service; lives on its loop.
class Session {
 public:
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  virtual ~Session() = default;

  /// Unique in the process, below 2^53, and not that of a net::LineSession.
  [[nodiscard]] virtual std::uint64_t id() const = 0;
  [[nodiscard]] virtual Protocol protocol() const = 0;
  /// Whether the connection runs over TLS.
  [[nodiscard]] virtual bool secure() const = 0;
  /// Who is at the other end of a Unix socket; none over TCP.
  [[nodiscard]] virtual const std::optional<net::PeerCredentials>& peer() const = 0;
  /// The peer's address over TCP, "127.0.0.1:4711" or "[::1]:4711"; empty for a Unix socket.
  [[nodiscard]] virtual const std::string& address() const = 0;
  /// Of a WebSocket: the request that opened it (no body).
  [[nodiscard]] virtual const Request& upgrade_request() const = 0;

  [[nodiscard]] virtual std::size_t in_flight() const = 0;
  [[nodiscard]] virtual std::size_t unsent() const = 0;
  [[nodiscard]] virtual bool closed() const = 0;

  /// Queues a message (WebSocket) or a line of our own, whatever is waiting already.
  virtual void send(std::string_view text) = 0;
  /// Runs `done` when no more than Limits::writable bytes wait for the peer. ERRORS:
  /// Errc::connection_lost.
  virtual void when_writable(Completion<> done) = 0;
  /// Takes no more input and closes when all that is queued is written. A WebSocket says `code` and
  /// `reason` (cut to 123 bytes) and waits, not for ever, for the peer's close.
  virtual void close(unsigned code = 1000, std::string_view reason = {}) = 0;
  /// Cuts the connection without waiting for anything.
  virtual void abort() = 0;

 protected:
  Session() = default;
};

}  // namespace engine::http
