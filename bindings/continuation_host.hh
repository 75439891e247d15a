#pragma once

#include "base/unique_fd.hh"
#include "loop/completion.hh"
#include "loop/loop.hh"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace engine::bindings {

/// A WebSocket somebody opened on a continuation, seen from the script that serves it. Thread-safe;
/// what comes back comes on the loop given. Dropped, the connection is closed with 1011.
class SocketStream {
 public:
  virtual ~SocketStream() = default;
  /// A text message; `done` when there is room for more. ERRORS: Errc::connection_lost.
  virtual void send(std::string text, loop::Loop& back, Completion<> done) = 0;
  /// The next text message; an empty optional when the peer closed in order (1000, 1001, 1005).
  /// REQUIRES: no other receive is pending. ERRORS: Errc::connection_lost; Errc::cancelled when the
  /// session it belongs to ended.
  virtual void receive(loop::Loop& back, Completion<std::optional<std::string>> done) = 0;
  virtual void close(unsigned code, std::string reason) = 0;
};

/// An HTTP request somebody made on a continuation. As SocketStream; dropped unanswered it is 500.
class BodyStream {
 public:
  struct Answer {
    unsigned status = 200;
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string content_type = "application/octet-stream";
    std::string body = {};
    UniqueFd file = {};  ///< instead of `body`
    std::uint64_t file_size = 0;
  };
  virtual ~BodyStream() = default;
  [[nodiscard]] virtual const std::string& method() const = 0;
  /// What the client announced.
  [[nodiscard]] virtual std::optional<std::uint64_t> size() const = 0;
  /// 1 to `max` bytes of the body; an empty string at its end. ERRORS: Errc::connection_lost,
  /// Errc::deserialization.
  virtual void read(std::size_t max, loop::Loop& back, Completion<std::string> done) = 0;
  virtual void answer(Answer answer) = 0;
};

/// What `engine.continuation` asks of the program it runs in; found through script::Services.
/// Thread-safe.
class ContinuationHost {
 public:
  virtual ~ContinuationHost() = default;
  using OpenSocket = UniqueFunction<void(std::shared_ptr<SocketStream>)>;
  using OpenBody = UniqueFunction<void(std::shared_ptr<BodyStream>)>;

  /// Reserves an id. `open` is called at most once, on any thread, when a client comes; it is
  /// destroyed uncalled, on any thread, when the reservation is removed or its session killed.
  /// ERRORS: Errc::busy (too many wait for their clients, of all or of the session).
  virtual Result<std::string> reserve_socket(std::string session, OpenSocket open) = 0;
  /// `method` empty: any.
  virtual Result<std::string> reserve_body(std::string session,
                                           std::string method,
                                           OpenBody open) = 0;
  /// Nobody may come any more (the time is over). False when somebody has come already.
  virtual bool remove(const std::string& guid) = 0;
  /// Ends all reservations and open streams of a session at once; how many there were.
  virtual std::size_t kill_session(const std::string& session) = 0;
};

}  // namespace engine::bindings
