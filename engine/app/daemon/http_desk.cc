#include "app/daemon/http_desk.hh"

#include "app/daemon/api_headers.hh"
#include "app/daemon/http_facts.hh"
#include "json/reader.hh"
#include "rpc/answer.hh"
#include "rpc/encode.hh"

#include <fmt/format.h>

#include <algorithm>

namespace engine::app {
namespace {

constexpr std::string_view kRpc = "/rpc/";
constexpr std::string_view kSocket = "/ws/rpc/";
constexpr std::string_view kBody = "/rest/rpc/";
constexpr unsigned kLinkBroken = 1006;
constexpr unsigned kTooLongIdle = 1008;
constexpr std::string_view kNothingAsked = "nothing was asked for too long: log in to stay";
/// At strangers, in the time that they may be idle.
constexpr unsigned kLooks = 4;

constexpr std::string_view kRpcMethods = "POST, OPTIONS";
constexpr std::string_view kFigureMethods = "GET, HEAD, OPTIONS";
constexpr std::string_view kStreamMethods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/// Bytes that wait for a peer above which events wait, too.
constexpr std::size_t kUnsentForEvents = http::Limits{}.writable;

/// Events go out on a connection as messages.
class MessageOutlet final : public event::PushingSinks::Outlet {
 public:
  MessageOutlet(http::Session& session, rpc::Protocol protocol)
      : session_(session), protocol_(protocol) {}
  bool push(std::string_view head, std::string_view tail) override {
    if (session_.unsent() > kUnsentForEvents) return false;
    std::string text(head);
    text += tail;
    text = rpc::push_in(protocol_, std::move(text));
    if (!text.empty()) session_.send(text);
    return true;
  }

 private:
  http::Session& session_;
  rpc::Protocol protocol_;
};

http::Limits http_limits(const WireLimits& limits) {
  http::Limits out;
  out.header = limits.header;
  out.body = limits.message;
  out.message = limits.message;
  out.framer = {.line = limits.message, .skip = 4 * limits.message};
  out.in_flight = limits.in_flight;
  out.handshake = milliseconds(limits.handshake);
  out.header_time = milliseconds(limits.handshake);
  out.idle = milliseconds(limits.keep_alive);
  out.stalled_line = milliseconds(limits.stalled);
  out.idle_lines = milliseconds(limits.idle);
  out.min_rate = limits.min_rate;
  out.spin = std::chrono::microseconds(limits.spin);
  return out;
}

/// An answer in words, for what is no call.
http::Response in_words(unsigned status, std::string_view words) {
  http::Response response = http::Response::text(status, words);
  response.fixed_headers = kApiHeaders;
  return response;
}

http::Response not_found(std::string_view path) {
  return in_words(
      404,
      fmt::format("nothing is at {}: methods are called with POST /rpc/v1 or over a WebSocket "
                  "there, figures are at /metrics",
                  path.substr(0, 200)));
}

http::Response not_allowed(std::string_view allowed, std::string_view words) {
  http::Response response = in_words(405, words);
  response.headers.emplace_back("Allow", allowed);
  return response;
}

/// The HTTP methods of a path, of static storage; empty where nothing is.
std::string_view methods_at(std::string_view path) {
  if (path.starts_with(kRpc) || path == "*") return kRpcMethods;
  if (path == "/metrics") return kFigureMethods;
  if (path.starts_with(kBody)) return kStreamMethods;
  return {};
}

/// Nobody is told whether the id never was, has been used, or is for another kind.
http::Response gone() {
  return in_words(404, "Not Found");
}

/// Headers of the calls' answers, in call order. What CORS says holds for the whole response and is
/// said once, however many calls a batch has: a browser refuses an origin that is allowed twice.
void add_heads(http::Response& response, std::vector<ResponseHead>& heads) {
  for (ResponseHead& head : heads) {
    for (auto& header : head.headers) {
      const bool once = header.first == "Vary" || header.first.starts_with("Access-Control-");
      if (once && std::ranges::find(response.headers, header) != response.headers.end()) continue;
      response.headers.push_back(std::move(header));
    }
    if (head.patch_sequence) {
      response.headers.emplace_back("X-Patch-Sequence", std::to_string(*head.patch_sequence));
    }
  }
}

Transport transport_of(const http::Session& session) {
  switch (session.protocol()) {
    case http::Protocol::lines:
      return Transport::tls;
    case http::Protocol::websocket:
      return session.secure() ? Transport::wss : Transport::ws;
    case http::Protocol::http:
      break;
  }
  return session.secure() ? Transport::https : Transport::http;
}

/// What the method server.prometheus answered, as text.
http::Response metrics_response(const std::string& answer) {
  const auto document = json::parse(answer);
  const json::Value* result = document ? document->find("result") : nullptr;
  if (result != nullptr && result->is_string()) {
    http::Response response = in_words(200, {});
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = *result->string();
    return response;
  }
  const json::Value* error = document ? document->find("error") : nullptr;
  const std::int64_t code = error == nullptr ? 0 : error->integer_or("code", 0);
  const json::Value* data = error == nullptr ? nullptr : error->find("data");
  const std::string why = data == nullptr ? "not available" : data->string_or("details", "");
  const bool denied = code == errc_info(Errc::authorization).number ||
                      code == errc_info(Errc::incorrect_password).number;
  return in_words(denied ? 401 : code == -32601 ? 404 : 500, why);
}

}  // namespace

Result<> HttpDesk::open(unsigned index) {
  TRY_ASSIGN(
      service_,
      http::Service::open(worker_.loop(), *this, http_limits(shared_.dispatcher.limits()), index));
  if (shared_.dispatcher.limits().stranger > 0) {
    strangers_.emplace(worker_.loop());
    watch_strangers();
  }
  return {};
}

void HttpDesk::adopt(UniqueFd socket, http::AdoptOptions options) {
  service_->adopt(std::move(socket), std::move(options));
}

void HttpDesk::wake(std::uint64_t connection) {
  worker_.loop().post([this, connection] { pump(connection); });
}

/// Writes what waits for a connection while it has room.
void HttpDesk::pump(std::uint64_t connection) {
  http::Session* session = service_->find(connection);
  const auto peer = peers_.find(connection);
  if (session == nullptr || peer == peers_.end()) return;
  if (session->protocol() == http::Protocol::http) return;  // nothing can be sent unasked
  MessageOutlet outlet(*session, peer->second.protocol);
  switch (shared_.sinks.pump(connection, outlet)) {
    case event::PushingSinks::Pumped::more:
      return wake(connection);
    case event::PushingSinks::Pumped::over:
      return session->close(1011, "too slow");
    case event::PushingSinks::Pumped::full:
      return session->when_writable([this, connection](const Result<>& writable) {
        if (writable) pump(connection);
      });
    case event::PushingSinks::Pumped::idle:
      return;
  }
}

void HttpDesk::drain(Completion<> done) {
  service_->drain(std::move(done));
}

void HttpDesk::end() {
  strangers_.reset();
  service_.reset();
}

/// Nobody may hold a connection for nothing: whoever is at the end of a lasting one has to say
/// something from time to time, until he has shown who he is.
void HttpDesk::watch_strangers() {
  const auto timeout = milliseconds(shared_.dispatcher.limits().stranger);
  strangers_->start(timeout / kLooks, [this] {
    for (auto& [id, peer] : peers_)
      look_at_stranger(id, peer);
    watch_strangers();
  });
}

void HttpDesk::look_at_stranger(std::uint64_t id, Peer& peer) {
  http::Session* session = service_->find(id);
  if (session == nullptr || session->closed() || session->address().empty()) return;
  if (session->protocol() == http::Protocol::http || peer.channel) return;
  if (session->in_flight() > 0) peer.quiet = 0;
  if (++peer.quiet <= kLooks || shared_.connections.is_known(id)) return;
  if (session->protocol() == http::Protocol::lines) {
    std::string words;
    rpc::encode_error(
        words, "null", {.code = Errc::timeout, .message = std::string(kNothingAsked)});
    session->send(words);
  }
  session->close(kTooLongIdle, kNothingAsked);
}

/// Makes the connection known as what it speaks now.
void HttpDesk::enter(http::Session& session) {
  net::ConnectionInfo info{.id = session.id(),
                           .transport = std::string(transport_name(transport_of(session))),
                           .address = session.address(),
                           .uid = {}};
  if (session.peer()) info.uid = session.peer()->uid;
  shared_.connections.add(std::move(info), [this, id = session.id()] {
    worker_.loop().post([this, id] {
      if (auto* found = service_->find(id)) found->close();
    });
  });
}

void HttpDesk::on_open(http::Session& session) {
  enter(session);
  if (session.protocol() != http::Protocol::lines) return;
  auto caller = std::make_shared<Caller>();
  caller->context = shared_.context;
  caller->transport = Transport::tls;
  caller->address = session.address();
  caller->connection = session.id();
  peers_[session.id()].caller = std::move(caller);
}

void HttpDesk::on_close(http::Session& session) {
  on_websocket_close(session, kLinkBroken, {});
  peers_.erase(session.id());
  shared_.dispatcher.cancel_connection(worker_, session.id());
  shared_.sinks.drop(session.id());
  shared_.connections.remove(session.id());
}

void HttpDesk::on_request(http::Session& session,
                          const http::Request& request,
                          http::Responder respond) {
  if (request.method == "OPTIONS") return serve_options(session, request, std::move(respond));
  if (request.path.starts_with(kRpc)) return serve_rpc(session, request, std::move(respond));
  if (request.path.starts_with(kBody)) {
    return serve_continuation(request, std::nullopt, std::move(respond));
  }
  if (request.path == "/metrics") return serve_metrics(session, request, std::move(respond));
  respond.send(not_found(request.path));
}

const std::shared_ptr<const Caller>& HttpDesk::caller_of(http::Session& session,
                                                         const http::Request& request) {
  // Most clients send the same headers again and again.
  Peer& peer = peers_[session.id()];
  if (!peer.caller || !same_sender(*peer.caller, request)) {
    peer.caller = http_caller(session, request, transport_of(session), shared_.context);
  }
  return peer.caller;
}

void HttpDesk::serve_rpc(http::Session& session,
                         const http::Request& request,
                         http::Responder respond) {
  if (request.method != "POST") {
    return respond.send(not_allowed(kRpcMethods, "methods are called with POST"));
  }
  const std::shared_ptr<const Caller>& caller = caller_of(session, request);
  auto page = request.header("origin").empty() ? nullptr : caller;
  shared_.dispatcher.handle_line(
      worker_,
      caller,
      request.body,
      [this, page = std::move(page), respond = std::move(respond)](LineReply reply) mutable {
        http::Response response{.fixed_headers = kApiHeaders};
        response.body = std::move(reply.text);
        // A page of another origin may read a refusal only if the middleware says so.
        if (page && reply.heads.empty()) {
          return send_with_heads(page, std::move(response), std::move(respond));
        }
        add_heads(response, reply.heads);
        respond.send(response);
      });
}

/// Adds the headers that the middleware gives to every answer, where no call has come as far as the
/// middleware: a method that does nothing is called for them.
void HttpDesk::send_with_heads(const std::shared_ptr<const Caller>& caller,
                               http::Response response,
                               http::Responder respond) {
  shared_.dispatcher.handle_line(
      worker_,
      caller,
      R"({"id":0,"method":"echo","params":{"message":""}})",
      [response = std::move(response), respond = std::move(respond)](LineReply reply) mutable {
        add_heads(response, reply.heads);
        respond.send(response);
      });
}

/// A browser asks what a page of another origin may do.
void HttpDesk::serve_options(http::Session& session,
                             const http::Request& request,
                             http::Responder respond) {
  const std::string_view allowed = methods_at(request.path);
  if (allowed.empty()) return respond.send(not_found(request.path));
  http::Response response{.content_type = {}, .fixed_headers = kApiHeaders};
  response.headers.emplace_back("Allow", allowed);
  send_with_heads(caller_of(session, request), std::move(response), std::move(respond));
}

void HttpDesk::serve_metrics(http::Session& session,
                             const http::Request& request,
                             http::Responder respond) {
  if (request.method != "GET" && request.method != "HEAD") {
    return respond.send(not_allowed(kFigureMethods, "figures are read with GET /metrics"));
  }
  shared_.dispatcher.handle_line(worker_,
                                 caller_of(session, request),
                                 R"({"id":0,"method":"server.prometheus"})",
                                 [respond = std::move(respond)](LineReply reply) mutable {
                                   http::Response response = metrics_response(reply.text);
                                   add_heads(response, reply.heads);
                                   respond.send(response);
                                 });
}

void HttpDesk::on_oversize(http::Session& session,
                           const http::Request& request,
                           http::Responder respond) {
  if (!request.path.starts_with(kRpc)) return respond.send(in_words(413, "the body is too large"));
  http::Response response{.body = shared_.dispatcher.oversize_answer(),
                          .fixed_headers = kApiHeaders};
  if (request.header("origin").empty()) return respond.send(response);
  send_with_heads(caller_of(session, request), std::move(response), std::move(respond));
}

http::BodyMode HttpDesk::on_head(http::Session&, const http::Request& request) {
  return request.path.starts_with(kBody) ? http::BodyMode::streamed : http::BodyMode::whole;
}

void HttpDesk::on_stream(http::Session&,
                         const http::Request& request,
                         http::BodyReader body,
                         http::Responder respond) {
  serve_continuation(request, std::move(body), std::move(respond));
}

void HttpDesk::serve_continuation(const http::Request& request,
                                  std::optional<http::BodyReader> body,
                                  http::Responder respond) {
  auto channel = std::make_shared<BodyChannel>(
      worker_.loop(), std::string(request.method), std::move(body), std::move(respond));
  const std::string_view guid = request.path.substr(kBody.size());
  if (shared_.continuations.take_body(guid, request.method, channel)) return;
  channel->take_responder().send(gone());
}

std::optional<http::Response> HttpDesk::on_upgrade(http::Session& session,
                                                   const http::Request& request) {
  if (request.path.starts_with(kRpc)) return std::nullopt;
  if (request.path.starts_with(kSocket)) {
    auto channel = std::make_shared<SocketChannel>(
        worker_.loop(), [this, id = session.id()] { return service_->find(id); });
    const std::string_view guid = request.path.substr(kSocket.size());
    if (!shared_.continuations.take_socket(guid, channel)) return gone();
    peers_[session.id()].channel = std::move(channel);
    return std::nullopt;
  }
  return not_found(request.path);
}

void HttpDesk::on_websocket(http::Session& session) {
  enter(session);
  peers_[session.id()].quiet = 0;
  peers_[session.id()].caller =
      http_caller(session, session.upgrade_request(), transport_of(session), shared_.context);
}

void HttpDesk::on_websocket_close(http::Session& session, unsigned code, std::string_view) {
  const auto peer = peers_.find(session.id());
  if (peer != peers_.end() && peer->second.channel) peer->second.channel->on_end(code);
}

void HttpDesk::on_message(http::Session& session, std::string_view text, http::Answer answer) {
  const auto found = peers_.find(session.id());
  if (found == peers_.end()) return;
  Peer& peer = found->second;
  if (peer.channel) return peer.channel->on_text(text, std::move(answer));
  serve_text(session, peer, text, std::move(answer));
}

void HttpDesk::on_line(http::Session& session, std::string_view line, http::Answer answer) {
  if (const auto found = peers_.find(session.id()); found != peers_.end()) {
    serve_text(session, found->second, line, std::move(answer));
  }
}

/// `peer` stays: connections are given up between their steps only.
void HttpDesk::serve_text(http::Session& session,
                          Peer& peer,
                          std::string_view text,
                          http::Answer answer) {
  peer.quiet = 0;
  const rpc::Protocol protocol = shared_.dispatcher.handle_line(
      worker_,
      peer.caller,
      text,
      [this, id = session.id(), answer = std::move(answer)](const LineReply& reply) mutable {
        answer.send(reply.text);
        if (!reply.close) return;
        if (auto* open = service_->find(id)) open->close();
      });
  if (protocol != rpc::Protocol::json_rpc) peer.protocol = protocol;
}

void HttpDesk::on_oversize_line(http::Session&, http::Answer answer) {
  answer.send(shared_.dispatcher.oversize_answer());
}

void HttpDesk::on_unfinished_line(http::Session& session) {
  session.send(unfinished_line_answer());
}

bool HttpDesk::on_idle_lines(http::Session& session) {
  return !shared_.sinks.has(session.id());
}

}  // namespace engine::app
