#include "http/websocket_client.hh"

#include "net/connect.hh"
#include "net/unix_listener.hh"

#include "http/websocket_wire.hh"
#include "server.hh"
#include <sys/socket.h>

namespace test {
namespace {

using namespace engine;
using http::WebSocketClient;
using ClientPtr = std::shared_ptr<WebSocketClient>;

/// The client's own loop, run by the test.
class Side {
 public:
  template <typename T>
  Result<T> wait(const std::function<void(Completion<T>)>& start) {
    std::optional<Result<T>> result;
    start([&result](Result<T> got) { result = std::move(got); });
    REQUIRE_FALSE(result);
    run_until([&] { return result.has_value(); });
    return std::move(*result);
  }
  void run_until(const std::function<bool()>& condition) {
    REQUIRE(eventually([&] {
      loop.poll();
      return condition();
    }));
  }
  Result<ClientPtr> open(UniqueFd socket,
                         std::string_view target,
                         const http::WebSocketOptions& options = {}) {
    return wait<ClientPtr>([&](Completion<ClientPtr> done) {
      WebSocketClient::open(loop, std::move(socket), target, options, std::move(done));
    });
  }
  Result<ClientPtr> open(const Server& server, std::string_view target) {
    return open(*net::connect_unix(server.path()), target);
  }
  Result<std::string> receive(WebSocketClient& client) {
    return wait<std::string>(
        [&](Completion<std::string> done) { client.receive(std::move(done)); });
  }
  Result<> send(WebSocketClient& client, std::string_view text) {
    return wait<void>([&](Completion<> done) { client.send(text, std::move(done)); });
  }

  loop::Loop loop{"client"};
};

/// A server that answers the handshake and then says `frames`, whatever it is told.
class Liar {
 public:
  Liar(std::string answer, std::string frames)
      : answer_(std::move(answer)), frames_(std::move(frames)) {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    client = UniqueFd(ends[0]);
    server_ = UniqueFd(ends[1]);
  }
  /// Call again and again.
  void step() {
    char block[4096];
    const ssize_t got = ::recv(server_.get(), block, sizeof block, MSG_DONTWAIT);
    if (got > 0) heard.append(block, static_cast<std::size_t>(got));
    const std::size_t end = heard.find("\r\n\r\n");
    if (answered_ || end == std::string::npos) return;
    answered_ = true;
    std::string text = answer_;
    if (text.empty()) {
      const std::size_t key = heard.find("Sec-WebSocket-Key: ") + 19;
      text =
          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          "sec-websocket-accept: " +
          http::accept_of(heard.substr(key, heard.find("\r\n", key) - key)) + "\r\n\r\n";
    }
    text += frames_;
    REQUIRE(::send(server_.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(text.size()));
  }

  UniqueFd client;
  std::string heard;

 private:
  std::string answer_;
  std::string frames_;
  UniqueFd server_;
  bool answered_ = false;
};

/// What opening, or the first receive, comes to.
Error outcome_of(const std::string& answer, const std::string& frames) {
  Side side;
  Liar liar(answer, frames);
  std::optional<Error> error;
  ClientPtr client;
  WebSocketClient::open(side.loop,
                        std::move(liar.client),
                        "/x",
                        {.message_limit = 1'000},
                        [&](Result<ClientPtr> made) {
                          if (!made) {
                            error = made.error();
                            return;
                          }
                          client = *made;
                          client->receive([&](Result<std::string> got) {
                            error =
                                got ? Error{.code = Errc::unknown, .message = *got} : got.error();
                          });
                        });
  side.run_until([&] {
    liar.step();
    return error.has_value();
  });
  return *error;
}

std::string server_frame(std::uint8_t kind, std::string_view payload) {
  std::string out;
  http::write_frame(out, kind, payload);
  return out;
}

}  // namespace

TEST_CASE("http/websocket client: messages of every size, both ways", "[http]") {
  Server server;
  Side side;
  const ClientPtr client = *side.open(server, "/ws?hello");
  CHECK(side.receive(*client).value() == "hello");
  for (const std::size_t size : {0UL, 1UL, 125UL, 126UL, 65'535UL, 65'536UL, 3'000'000UL}) {
    INFO(size);
    const std::string text(size, 'y');
    REQUIRE(side.send(*client, text));
    const auto back = side.receive(*client);
    REQUIRE(back);
    CHECK(back.value() == text);
  }
}

TEST_CASE("http/websocket client: many messages wait until they are asked for", "[http]") {
  Server server;
  Side side;
  const ClientPtr client = *side.open(server, "/ws");
  std::size_t sent = 0;
  for (int i = 0; i < 60; ++i)
    client->send("big 100000", [&sent](const Result<>&) { ++sent; });
  side.run_until([&] { return sent == 60; });
  for (int i = 0; i < 60; ++i)
    REQUIRE(side.receive(*client).value().size() == 100'000);
}

TEST_CASE("http/websocket client: the end of a stream says why", "[http]") {
  Server server;
  Side side;
  SECTION("the server has told all") {
    const ClientPtr client = *side.open(server, "/ws");
    REQUIRE(side.send(*client, "bye"));
    CHECK(side.receive(*client).error().code == Errc::closed);
    CHECK(side.receive(*client).error().code == Errc::closed);
    CHECK(side.send(*client, "more").error().code == Errc::closed);
  }
  SECTION("we close") {
    const ClientPtr client = *side.open(server, "/ws");
    client->close(1000, "enough");
    CHECK(side.send(*client, "more").error().code == Errc::closed);
    CHECK(side.receive(*client).error().code == Errc::closed);
    CHECK(eventually([&] { return server.handler.close_code == 1000; }));
  }
  SECTION("it is let go") {
    Result<ClientPtr> client = side.open(server, "/ws");
    REQUIRE(client);
    client->reset();
    side.loop.poll();
    CHECK(eventually([&] { return server.handler.close_code == 1006; }));
  }
}

TEST_CASE("http/websocket client: a refusal says what the server said", "[http]") {
  Server server;
  Side side;
  const auto refused = side.open(server, "/other");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::not_found);
  CHECK(refused.error().message == "the server refuses /other: no such socket (404)");
}

TEST_CASE("http/websocket client: what is no WebSocket server is told apart", "[http]") {
  CHECK(outcome_of("SSH-2.0-OpenSSH\r\n\r\n", "").code == Errc::deserialization);
  CHECK(outcome_of("HTTP/1.1 101 Fine\r\nSec-WebSocket-Accept: no\r\n\r\n", "").code ==
        Errc::deserialization);
  CHECK(outcome_of("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "").code == Errc::busy);
  CHECK(outcome_of("HTTP/1.1 403 No\r\n\r\n", "").code == Errc::permission_denied);
  CHECK(outcome_of("HTTP/1.1 500 Oops\r\nContent-Length: 5\r\n\r\noh no", "").message ==
        "the server refuses /x: oh no (500)");
  CHECK(outcome_of("{\"jsonrpc\":\"2.0\"}\n", "").code == Errc::deserialization);
}

TEST_CASE("http/websocket client: frames against the rules end it", "[http]") {
  std::string masked;
  http::write_masked_frame(masked, http::opcode::text, "x");
  CHECK(outcome_of("", masked).code == Errc::deserialization);
  CHECK(outcome_of("", server_frame(http::opcode::continuation, "x")).code ==
        Errc::deserialization);
  CHECK(outcome_of("", server_frame(http::opcode::text, "\xff")).code == Errc::deserialization);
  CHECK(outcome_of("", server_frame(http::opcode::text, std::string(1'001, 'x'))).code ==
        Errc::deserialization);
  CHECK(outcome_of("", server_frame(3, "x")).code == Errc::deserialization);
  CHECK(outcome_of("", server_frame(http::opcode::binary, "x")).code == Errc::deserialization);
  CHECK(outcome_of("", server_frame(http::opcode::close, "x")).code == Errc::deserialization);
}

TEST_CASE("http/websocket client: close codes become kinds of failure", "[http]") {
  const auto closed = [](unsigned code, std::string_view reason = {}) {
    return outcome_of("", server_frame(http::opcode::close, http::close_payload(code, reason)));
  };
  CHECK(closed(1000).code == Errc::closed);
  CHECK(closed(0).code == Errc::closed);
  CHECK(closed(1001).code == Errc::connection_lost);
  CHECK(closed(1013).code == Errc::busy);
  const Error failed = closed(1011, "the handler failed");
  CHECK(failed.code == Errc::internal);
  CHECK(failed.message == "the handler failed");
  CHECK(failed.info == R"({"closeCode":1011})");
}

TEST_CASE("http/websocket client: a ping is answered, and parts make one message", "[http]") {
  Side side;
  std::string frames = server_frame(http::opcode::ping, "p");
  std::string part = server_frame(http::opcode::text, "one ");
  part[0] = static_cast<char>(http::opcode::text);  // not the last
  frames += part + server_frame(http::opcode::ping, "") +
            server_frame(http::opcode::continuation, "message");
  Liar liar("", frames);
  std::optional<std::string> got;
  ClientPtr client;
  WebSocketClient::open(side.loop, std::move(liar.client), "/x", {}, [&](Result<ClientPtr> made) {
    client = *made;
    client->receive([&](Result<std::string> message) { got = *message; });
  });
  side.run_until([&] {
    liar.step();
    // Two pongs of 7 and 6 bytes behind the request.
    const std::size_t head = liar.heard.find("\r\n\r\n");
    return got && head != std::string::npos && liar.heard.size() >= head + 4 + 13;
  });
  CHECK(*got == "one message");
}

TEST_CASE("http/websocket client: a server that says nothing, or goes", "[http]") {
  Side side;
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
  UniqueFd server(ends[1]);
  SECTION("silent") {
    const auto late = side.open(UniqueFd(ends[0]), "/x", {.timeout = Milliseconds(20)});
    CHECK(late.error().code == Errc::timeout);
  }
  SECTION("gone") {
    server.reset();
    CHECK(side.open(UniqueFd(ends[0]), "/x").error().code == Errc::connection_lost);
  }
}

}  // namespace test
