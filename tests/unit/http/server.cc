#include "server.hh"

#include <poll.h>

#include <csignal>

namespace test {
namespace {

std::size_t number_in(std::string_view path) {
  return std::stoul(std::string(path.substr(path.rfind('/') + 1)));
}

}  // namespace

struct Handler::Counter {
  http::BodyReader body;
  http::Responder respond;
  std::size_t total = 0;
};

void Handler::on_open(http::Session& session) {
  if (opened++ == 0) address.set_value(session.address());
  last_id = session.id();
  if (session.peer()) peer_pid = session.peer()->pid;
}

void Handler::on_close(http::Session&) {
  ++closed;
}

http::BodyMode Handler::on_head(http::Session&, const http::Request& request) {
  const bool streams =
      request.path == "/count" || request.path == "/sink" || request.path == "/early";
  return streams ? http::BodyMode::streamed : http::BodyMode::whole;
}

void Handler::on_request(http::Session& session,
                         const http::Request& request,
                         http::Responder respond) {
  ++requests;
  if (request.path == "/echo") {
    respond.send({.body = std::string(request.body)});
  } else if (request.path == "/hold") {
    held.emplace_back(request.body.empty() ? request.query : request.body, std::move(respond));
    held_count = held.size();
  } else if (request.path.starts_with("/big/")) {
    respond.send({.body = std::string(number_in(request.path), 'x')});
  } else if (request.path.starts_with("/file/")) {
    respond.send_file({.content_type = "application/octet-stream"},
                      engine::UniqueFd(::open(file.c_str(), O_RDONLY | O_CLOEXEC)),
                      number_in(request.path));
  } else if (request.path == "/headers") {
    http::Response response;
    response.headers = {{"X-One", "1"}, {"X-Bad", "a\r\nSet-Cookie: b"}, {"Set-Cookie", "s=1"}};
    response.body = fmt::format("{} {} {}", request.method, request.path, request.query);
    for (const http::Header& header : request.headers)
      response.body += fmt::format("\n{}={}", header.name, header.value);
    respond.send(response);
  } else if (request.path == "/empty") {
    respond.send({.status = 204, .content_type = ""});
  } else if (request.path == "/bye") {
    respond.send({.body = "bye"});
    session.close();
  } else if (request.path != "/drop") {
    respond.send(http::Response::text(404, "nothing here"));
  }
}

void Handler::on_stream(http::Session&,
                        const http::Request& request,
                        http::BodyReader body,
                        http::Responder respond) {
  ++requests;
  if (request.path == "/early") {
    respond.send(http::Response::text(403, "not you"));
  } else if (request.path == "/sink") {
    sinks.emplace_back(std::move(body), std::move(respond));
  } else {
    count(std::make_shared<Counter>(Counter{std::move(body), std::move(respond)}));
  }
}

void Handler::count(std::shared_ptr<Counter> counter) {
  http::BodyReader& body = counter->body;
  body.read(50'000, [this, counter](const engine::Result<std::string>& part) {
    if (!part) {
      ++stream_errors;
    } else if (part->empty()) {
      counter->respond.send({.body = std::to_string(counter->total)});
    } else {
      counter->total += part->size();
      streamed += part->size();
      count(counter);
    }
  });
}

std::optional<http::Response> Handler::on_upgrade(http::Session&, const http::Request& request) {
  if (request.path == "/ws") return {};
  return http::Response::text(404, "no such socket");
}

void Handler::on_websocket(http::Session& session) {
  if (session.upgrade_request().query == "hello") session.send("hello");
}

void Handler::on_message(http::Session& session, std::string_view text, http::Answer answer) {
  ++messages;
  if (text == "bye") {
    answer.drop();
    session.close(1000, "complete");
  } else if (text == "headers") {
    answer.send(session.upgrade_request().header("host"));
  } else if (text.starts_with("hold ")) {
    held_answers.emplace_back(text.substr(5), std::move(answer));
    held_count = held_answers.size();
  } else if (text.starts_with("big ")) {
    answer.send(std::string(std::stoul(std::string(text.substr(4))), 'x'));
  } else if (text != "drop") {
    answer.send(text);
  }
}

void Handler::on_websocket_close(http::Session&, unsigned code, std::string_view) {
  close_code = code;
}

void Handler::on_line(http::Session& session, std::string_view line, http::Answer answer) {
  ++messages;
  if (line == "bye") {
    answer.send("bye");
    session.close();
  } else {
    answer.send(line);
  }
}

void Handler::release() {
  for (; !held.empty(); held.pop_back())
    held.back().second.send({.body = held.back().first});
  for (; !held_answers.empty(); held_answers.pop_back())
    held_answers.back().second.send(held_answers.back().first);
  held_count = 0;
}

Server::Server(const http::Limits& limits, http::AdoptOptions options)
    : path_(directory_.path() / "s"), options_(std::move(options)) {
  ::signal(SIGPIPE, SIG_IGN);
  tcp_ = engine::UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  must(::bind(tcp_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0, "bind");
  must(::listen(tcp_.get(), 128) == 0, "listen");
  must(::getsockname(tcp_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0, "name");
  port_ = ntohs(address.sin_port);
  handler.loop = &loop_;
  std::promise<void> ready;
  thread_ = std::thread([this, &limits, &ready] {
    service_ = *http::Service::open(loop_, handler, limits, 5);
    const auto listener = *engine::net::UnixListener::open(
        loop_, path_, {}, [&](engine::UniqueFd fd) { adopt(std::move(fd)); });
    ready.set_value();
    loop_.run();
    service_.reset();
    handler.held.clear();
    handler.held_answers.clear();
    handler.sinks.clear();
  });
  ready.get_future().wait();
  acceptor_ = std::thread([this] { accept_tcp(); });
}

Server::~Server() {
  ::shutdown(tcp_.get(), SHUT_RDWR);
  acceptor_.join();
  loop_.stop();
  thread_.join();
}

void Server::accept_tcp() {
  while (true) {
    pollfd ready{.fd = tcp_.get(), .events = POLLIN, .revents = 0};
    ::poll(&ready, 1, -1);
    engine::UniqueFd fd(::accept4(tcp_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) return;
    adopt(std::move(fd));
  }
}

void Server::adopt(engine::UniqueFd socket, std::string already_read) {
  service_->adopt(std::move(socket),
                  {.tls = options_.tls,
                   .protocol = options_.protocol,
                   .already_read = std::move(already_read)});
}

const engine::crypto::Identity& identity() {
  static const engine::crypto::Identity made = *engine::crypto::make_identity("test.local");
  return made;
}

http::AdoptOptions over_tls(http::Protocol protocol) {
  return {.tls = *http::TlsContext::make(identity(), protocol == http::Protocol::http),
          .protocol = protocol};
}

}  // namespace test
