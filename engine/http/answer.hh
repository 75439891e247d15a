#pragma once

#include "base/unique_fd.hh"

#include "http/message.hh"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace engine::http {

class Session;

/// The right to answer one WebSocket message or one line, once, inline or later, on the session's
/// loop; goes out as a message or a line of its own. Move-only. Destroyed unused, nothing is
/// written. Answers of a session that is gone go nowhere.
class Answer {
 public:
  Answer() = default;
  explicit Answer(std::weak_ptr<Session> session) : session_(std::move(session)) {}
  Answer(Answer&&) noexcept = default;
  Answer& operator=(Answer&& other) noexcept;
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;
  ~Answer() { drop(); }

  void send(std::string_view text);
  /// Gives the right up: nothing is written.
  void drop();

 private:
  std::weak_ptr<Session> session_;
};

/// The right to answer one request, once, inline or later, on the session's loop. Responses go out
/// in the order of their requests, whichever is ready first. Move-only. Destroyed unused, the
/// answer is a 500. Responses of a session that is gone go nowhere.
class Responder {
 public:
  Responder() = default;
  Responder(std::weak_ptr<Session> session, std::uint64_t sequence)
      : session_(std::move(session)), sequence_(sequence) {}
  Responder(Responder&&) noexcept = default;
  Responder& operator=(Responder&& other) noexcept;
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;
  ~Responder();

  void send(const Response& response);
  /// Sends `size` bytes of `file`, from its current position, as the body (that of `head` is not
  /// used). A file that turns out shorter cuts the connection.
  ///
  /// REQUIRES: the program ignores SIGPIPE: sendfile raises it when the peer has gone.
  void send_file(const Response& head, UniqueFd file, std::uint64_t size);

  [[nodiscard]] bool pending() const { return !session_.expired(); }

 private:
  std::weak_ptr<Session> session_;
  std::uint64_t sequence_ = 0;
};

}  // namespace engine::http
