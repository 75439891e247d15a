#include "http/handler.hh"

#include "http/session.hh"

namespace engine::http {

void Handler::on_stream(Session&, const Request&, BodyReader, Responder respond) {
  respond.send(Response::text(501, "streamed bodies are not taken here"));
}

void Handler::on_oversize(Session&, const Request&, Responder respond) {
  respond.send(Response::text(413, "the body is too large"));
}

std::optional<Response> Handler::on_upgrade(Session&, const Request&) {
  return Response::text(404, "there is no WebSocket here");
}

void Handler::on_binary(Session& session, std::string_view, Answer) {
  session.close(1003, "only text messages are taken");
}

}  // namespace engine::http
