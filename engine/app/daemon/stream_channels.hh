#pragma once

#include "bindings/continuation_host.hh"

#include "http/service.hh"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace engine::app {

/// A stream between a connection and a script, each on a loop of its own.
class Channel {
 public:
  virtual ~Channel() = default;
  /// Ends it at once: the session it belongs to is over. Thread-safe.
  virtual void kill() = 0;
};

/// A WebSocket. Its thread-safe functions are those of SocketStream and `kill`; the others belong
/// to the loop of the connection. It keeps itself, for as long as a call is on its way there:
/// whoever made that call may drop the channel behind it.
class SocketChannel final : public Channel,
                            public bindings::SocketStream,
                            public std::enable_shared_from_this<SocketChannel> {
 public:
  using FindSession = std::function<http::Session*()>;  ///< null once it has ended
  SocketChannel(loop::Loop& home, FindSession find) : home_(home), find_(std::move(find)) {}
  ~SocketChannel() override;

  void on_text(std::string_view text, http::Answer taken);
  void on_end(unsigned code);

  void send(std::string text, loop::Loop& back, Completion<> done) override;
  void receive(loop::Loop& back, Completion<std::optional<std::string>> done) override;
  void close(unsigned code, std::string reason) override;
  void kill() override;

 private:
  struct Receiver {
    loop::Loop* back;
    Completion<std::optional<std::string>> done;
  };
  void settle();
  void refuse_more();
  [[nodiscard]] Result<std::optional<std::string>> end() const;

  loop::Loop& home_;
  FindSession find_;
  std::deque<std::pair<std::string, http::Answer>> inbox_;
  std::size_t unread_ = 0;  ///< bytes in inbox_
  std::optional<Receiver> receiver_;
  std::optional<unsigned> end_code_;
  bool killed_ = false;
};

/// One HTTP request. As SocketChannel.
class BodyChannel final : public Channel,
                          public bindings::BodyStream,
                          public std::enable_shared_from_this<BodyChannel> {
 public:
  /// `body` is absent for a request without one.
  BodyChannel(loop::Loop& home,
              std::string method,
              std::optional<http::BodyReader> body,
              http::Responder respond);
  ~BodyChannel() override;

  /// Takes the right to answer back, where nobody serves it.
  http::Responder take_responder();

  [[nodiscard]] const std::string& method() const override { return method_; }
  [[nodiscard]] std::optional<std::uint64_t> size() const override { return size_; }
  void read(std::size_t max, loop::Loop& back, Completion<std::string> done) override;
  void answer(Answer answer) override;
  void kill() override;

 private:
  /// Used, and destroyed, on the connection's loop.
  struct Ends {
    std::optional<http::BodyReader> body;
    std::optional<http::Responder> respond;
  };

  loop::Loop& home_;
  const std::string method_;
  std::optional<std::uint64_t> size_;
  std::unique_ptr<Ends> ends_;
};

}  // namespace engine::app
