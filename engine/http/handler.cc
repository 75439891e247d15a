#include "http/handler.hh"

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

}  // namespace engine::http
