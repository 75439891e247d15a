#pragma once

#include "app/daemon/caller.hh"
#include "app/daemon/continuations.hh"
#include "app/daemon/desk.hh"

#include "http/service.hh"

#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace engine::app {

/// All HTTP, WebSocket and TLS connections of one worker. Lives on the worker's loop; `adopt` and
/// `wake` are thread-safe.
///
/// `POST /rpc/…` is one message and its answer, `/rpc/…` upgraded one message per text frame;
/// `GET /metrics` is the method server.prometheus; `/ws/rpc/GUID` and `/rest/rpc/GUID` belong to
/// whoever made the continuation.
class HttpDesk final : public PushTarget, public http::Handler {
 public:
  HttpDesk(DeskShared& shared, ScriptLoop& worker) : PushTarget(worker), shared_(shared) {}

  Result<> open(unsigned index);
  void adopt(UniqueFd socket, http::AdoptOptions options);
  [[nodiscard]] std::size_t connections() const { return service_->connections(); }
  void wake(std::uint64_t connection) override;
  void drain(Completion<> done) override;
  void end() override;

  void on_open(http::Session& session) override;
  void on_close(http::Session& session) override;
  http::BodyMode on_head(http::Session& session, const http::Request& request) override;
  void on_stream(http::Session& session,
                 const http::Request& request,
                 http::BodyReader body,
                 http::Responder respond) override;
  void on_request(http::Session& session,
                  const http::Request& request,
                  http::Responder respond) override;
  void on_oversize(http::Session& session,
                   const http::Request& request,
                   http::Responder respond) override;
  std::optional<http::Response> on_upgrade(http::Session& session,
                                           const http::Request& request) override;
  void on_websocket(http::Session& session) override;
  void on_message(http::Session& session, std::string_view text, http::Answer answer) override;
  void on_websocket_close(http::Session& session, unsigned code, std::string_view reason) override;
  void on_line(http::Session& session, std::string_view line, http::Answer answer) override;
  void on_oversize_line(http::Session& session, http::Answer answer) override;
  void on_unfinished_line(http::Session& session) override;
  bool on_idle_lines(http::Session& session) override;

 private:
  /// What is kept with a connection.
  struct Peer {
    std::shared_ptr<const Caller> caller;  ///< of the last HTTP request, or of all messages
    rpc::Protocol protocol = rpc::Protocol::json_rpc;  ///< of events: what it spoke last but ours
    std::shared_ptr<SocketChannel> channel;            ///< of a WebSocket that is a continuation
    unsigned quiet = 0;                                ///< looks since it last said something
  };

  void serve_continuation(const http::Request& request,
                          std::optional<http::BodyReader> body,
                          http::Responder respond);
  void enter(http::Session& session);
  void watch_strangers();
  void look_at_stranger(std::uint64_t id, Peer& peer);
  void pump(std::uint64_t connection);
  const std::shared_ptr<const Caller>& caller_of(http::Session& session,
                                                 const http::Request& request);
  void serve_rpc(http::Session& session, const http::Request& request, http::Responder respond);
  void send_with_heads(const std::shared_ptr<const Caller>& caller,
                       http::Response response,
                       http::Responder respond);
  void serve_options(http::Session& session, const http::Request& request, http::Responder respond);
  void serve_metrics(http::Session& session, const http::Request& request, http::Responder respond);
  void serve_text(http::Session& session, Peer& peer, std::string_view text, http::Answer answer);

  DeskShared& shared_;
  std::unordered_map<std::uint64_t, Peer> peers_;
  std::unique_ptr<http::Service> service_;
  std::optional<loop::Timer> strangers_;  ///< looks at them from time to time
};

}  // namespace engine::app
