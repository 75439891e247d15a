#pragma once

#include "loop/loop.hh"

#include "http/session.hh"

#include <optional>
#include <string>

namespace engine::http {

/// What lies between a streamed request body and its reader. Shared by the dialect, which fills it,
/// and the BodyReader, which outlives the connection if it wants to.
class BodyQueue {
 public:
  /// Above this the connection is not read further.
  static constexpr std::size_t kRoom = 64UL << 10U;

  BodyQueue(loop::Loop& loop, std::weak_ptr<Session> session)
      : loop_(loop), session_(std::move(session)) {}

  // For the dialect.
  /// Where the body's next bytes are appended; then call `filled`.
  [[nodiscard]] std::string& buffer();
  void filled();
  void end();
  void fail(Error error);
  [[nodiscard]] bool full() const { return !dropped_ && buffer_.size() - begin_ >= kRoom; }
  [[nodiscard]] bool wanted() const { return static_cast<bool>(waiting_); }
  [[nodiscard]] bool dropped() const { return dropped_; }

  // For the reader.
  void read(std::size_t max, Completion<std::string> done);
  void drop();

 private:
  void serve();
  void wake_session() const;

  loop::Loop& loop_;
  std::weak_ptr<Session> session_;
  std::string buffer_;
  std::size_t begin_ = 0;
  std::size_t max_ = 0;
  Completion<std::string> waiting_;
  std::optional<Error> error_;
  bool ended_ = false;
  bool dropped_ = false;
};

}  // namespace engine::http
