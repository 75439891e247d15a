#include "client.hh"

using engine::Milliseconds;
using test::Client;
using test::eventually;
using test::frame;
using test::get;
using test::post;
using test::Server;

namespace {

constexpr unsigned kContinuation = 0;
constexpr unsigned kText = 1;
constexpr unsigned kBinary = 2;
constexpr unsigned kClose = 8;
constexpr unsigned kPing = 9;
constexpr unsigned kPong = 10;

Client open(const Server& server, const std::string& target = "/ws") {
  Client client = Client::unix_socket(server);
  test::must(client.upgrade(target) == 101, "the upgrade");
  return client;
}

std::string close_payload(unsigned code, std::string_view reason = {}) {
  return std::string({static_cast<char>(code >> 8U), static_cast<char>(code & 0xFFU)})
      .append(reason);
}

}  // namespace

TEST_CASE("websocket: upgrades as the standard's example says", "[http]") {
  Server server;
  Client client = Client::tcp(server);
  client.write(get("/ws?hello",
                   "Upgrade: WebSocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n") +
               frame(kText, "headers"));
  const auto reply = client.read();
  CHECK(reply->status == 101);
  CHECK(reply->headers.at("Sec-WebSocket-Accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  CHECK(reply->headers.at("Upgrade") == "websocket");
  CHECK(reply->headers.at("Connection") == "Upgrade");
  CHECK(client.read_frame()->payload == "hello");
  CHECK(client.read_frame()->payload == "test");
}

TEST_CASE("websocket: a handshake that is wrong is refused, the connection goes on", "[http]") {
  Server server;
  Client client = Client::tcp(server);
  const std::string key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  const std::string upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
  const std::string version = "Sec-WebSocket-Version: 13\r\n";
  CHECK(client.upgrade("/elsewhere") == 404);
  CHECK(client.ask(get("/ws", upgrade + version)).status == 400);
  CHECK(client.ask(get("/ws", upgrade + version + "Sec-WebSocket-Key: c2hvcnQ=\r\n")).status ==
        400);
  const auto old = client.ask(get("/ws", upgrade + key + "Sec-WebSocket-Version: 8\r\n"));
  CHECK(old.status == 426);
  CHECK(old.headers.at("Sec-WebSocket-Version") == "13");
  CHECK(client.ask(post("/ws", "", upgrade + key + version)).status == 400);
  // Not asked in earnest: an ordinary request.
  CHECK(client.ask(get("/headers", "Upgrade: h2c\r\nConnection: Upgrade\r\n")).status == 200);
  CHECK(client.ask(get("/headers", "Upgrade: websocket\r\n")).status == 200);
  CHECK(client.upgrade() == 101);
}

TEST_CASE("websocket: an upgrade waits for the answers before it", "[http]") {
  Server server;
  Client client = Client::tcp(server);
  client.write(get("/hold?first") +
               get("/ws",
                   "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n") +
               frame(kText, "x"));
  REQUIRE(eventually([&] { return server.handler.held_count == 1; }));
  server.on_loop([&] { server.handler.release(); });
  CHECK(client.read()->body == "first");
  CHECK(client.read()->status == 101);
  CHECK(client.read_frame()->payload == "x");
}

TEST_CASE("websocket: messages of every size come back", "[http]") {
  Server server;
  Client client = open(server);
  for (const std::size_t size :
       {0, 1, 125, 126, 127, 4000, 4096, 4097, 65'535, 65'536, 1'000'000}) {
    client.write_frame(kText, std::string(size, 'a'));
    const auto echo = client.read_frame();
    CHECK(echo->opcode == kText);
    CHECK(echo->fin);
    REQUIRE(echo->payload == std::string(size, 'a'));
  }
}

TEST_CASE("websocket: fragments with controls between them are one message", "[http]") {
  Server server;
  Client client = open(server);
  std::string all = frame(kText, "one ", false) + frame(kPing, "are you there") +
                    frame(kContinuation, "", false) + frame(kContinuation, "two ", false) +
                    frame(kPong, "unasked") + frame(kContinuation, "\xC3", false) +
                    frame(kContinuation, "\xA4", true);
  SECTION("at once") {
    client.write(all);
  }
  SECTION("byte by byte") {
    for (const char c : all)
      client.write({&c, 1});
  }
  const auto pong = client.read_frame();
  CHECK(pong->opcode == kPong);
  CHECK(pong->payload == "are you there");
  CHECK(client.read_frame()->payload == "one two \xC3\xA4");
  CHECK(server.handler.messages == 1);
}

TEST_CASE("websocket: 10 000 messages in flight come back in order", "[http]") {
  Server server;
  Client client = open(server);
  std::thread writer([&] {
    std::string all;
    for (int i = 0; i < 10'000; ++i)
      all += frame(kText, std::to_string(i));
    client.write(all);
  });
  bool right = true;
  for (int i = 0; i < 10'000; ++i)
    right = right && client.read_frame()->payload == std::to_string(i);
  writer.join();
  CHECK(right);
}

TEST_CASE("websocket: breaking a rule closes with the rule's code", "[http]") {
  struct Broken {
    const char* what;
    std::string bytes;
    unsigned code;
  };
  std::string unmasked = frame(kText, "x");
  unmasked[1] = 1;
  unmasked.erase(2, 4);
  std::string reserved = frame(kText, "x");
  reserved[0] = static_cast<char>(0xC1);
  const std::vector<Broken> all = {
      {"not masked", unmasked, 1002},
      {"a reserved bit", reserved, 1002},
      {"a reserved opcode", frame(3, "x"), 1002},
      {"a reserved control", frame(11, "x"), 1002},
      {"a continuation of nothing", frame(kContinuation, "x"), 1002},
      {"a message inside a message", frame(kText, "a", false) + frame(kText, "b"), 1002},
      {"a fragmented ping", frame(kPing, "x", false), 1002},
      {"a long ping", frame(kPing, std::string(126, 'x')), 1002},
      {"a close of one byte", frame(kClose, "x"), 1002},
      {"a code nobody may send", frame(kClose, close_payload(1005)), 1002},
      {"a code of no meaning", frame(kClose, close_payload(999)), 1002},
      {"a reason that is not UTF-8", frame(kClose, close_payload(1000, "\xFF")), 1007},
      {"not UTF-8", frame(kText, "abc\xFF"), 1007},
      {"a surrogate", frame(kText, "\xED\xA0\x80"), 1007},
      {"overlong", frame(kText, "\xC0\xAF"), 1007},
      {"past the last character", frame(kText, "\xF4\x90\x80\x80"), 1007},
      {"cut short", frame(kText, "12345678\xE2\x82"), 1007},
      {"too big", frame(kText, std::string(5001, 'x')), 1009},
      {"too big in parts",
       frame(kText, std::string(4000, 'x'), false) + frame(kContinuation, std::string(1001, 'x')),
       1009},
      {"a binary message", frame(kBinary, "no"), 1003},
      {"the beginning of one", frame(kBinary, "no", false), 1003},
  };
  Server server({.message = 5'000});
  for (const Broken& broken : all) {
    INFO(broken.what);
    Client client = open(server);
    client.write(broken.bytes);
    const auto answer = client.read_frame();
    REQUIRE(answer);
    CHECK(answer->opcode == kClose);
    CHECK(answer->close_code() == broken.code);
    CHECK(client.at_end());
  }
  CHECK(eventually([&] { return server.service().connections() == 0; }));
}

TEST_CASE("websocket: closes in both directions", "[http]") {
  Server server({.close = Milliseconds(1'000)});
  Client client = open(server);
  SECTION("by the client") {
    client.write(frame(kText, "last") + frame(kClose, close_payload(1001, "bye")) +
                 frame(kText, "too late"));
    CHECK(client.read_frame()->payload == "last");
    const auto answer = client.read_frame();
    CHECK(answer->opcode == kClose);
    CHECK(answer->close_code() == 1001);
    CHECK(client.at_end());
    CHECK(server.handler.close_code == 1001);
    CHECK(server.handler.messages == 1);
  }
  SECTION("by the client, without a code") {
    client.write(frame(kClose, ""));
    CHECK(client.read_frame()->close_code() == 1005);
    CHECK(client.at_end());
    CHECK(server.handler.close_code == 1005);
  }
  SECTION("by the server, which waits for the answer") {
    client.write(frame(kText, "bye"));
    const auto farewell = client.read_frame();
    CHECK(farewell->close_code() == 1000);
    CHECK(farewell->payload.substr(2) == "complete");
    CHECK(server.handler.closed == 0);
    client.write(frame(kClose, close_payload(1000)));
    CHECK(client.at_end());
    CHECK(server.handler.close_code == 1000);
  }
  SECTION("by the server, and not for ever") {
    client.write(frame(kText, "bye"));
    CHECK(client.read_frame()->opcode == kClose);
    CHECK(client.at_end());
  }
  SECTION("by nobody") {
    client.close();
    REQUIRE(eventually([&] { return server.handler.closed == 1; }));
    CHECK(server.handler.close_code == 1006);
  }
}

TEST_CASE("websocket: pings when nothing is sent, and wants its pong", "[http]") {
  Server server({.ping = Milliseconds(50), .pong = Milliseconds(1'000)});
  Client client = open(server);
  const auto ping = client.read_frame();
  REQUIRE(ping);
  CHECK(ping->opcode == kPing);
  CHECK(ping->payload.size() == 8);
  SECTION("the right pong") {
    client.write_frame(kPong, ping->payload);
    const auto second = client.read_frame();
    REQUIRE(second);
    CHECK(second->opcode == kPing);
    CHECK(second->payload != ping->payload);
  }
  SECTION("the wrong pong") {
    client.write_frame(kPong, "12345678");
    CHECK(client.at_end());
    CHECK(server.handler.close_code == 1006);
  }
}

TEST_CASE("websocket: a peer that reads nothing is not read", "[http]") {
  Server server({.unsent = 100'000});
  Client client = open(server);
  const std::string request = frame(kText, "big 50000");
  REQUIRE(eventually([&] { return client.write_some(request) < request.size(); }));
  const std::size_t unsent =
      server.on_loop([&] { return server.service().find(server.handler.last_id)->unsent(); });
  CHECK(unsent < 200'000);
  const std::size_t asked = server.handler.messages;
  for (std::size_t i = 0; i < asked; ++i)
    REQUIRE(client.read_frame()->payload.size() == 50'000);
}

TEST_CASE("websocket: when_writable waits for the peer", "[http]") {
  Server server;
  Client client = open(server);
  std::atomic<int> room = 0;
  std::atomic<int> lost = 0;
  const auto wait = [&] {
    server.service().find(server.handler.last_id)->when_writable([&](const engine::Result<>& done) {
      ++(done ? room : lost);
    });
  };
  server.on_loop(wait);
  REQUIRE(eventually([&] { return room == 1; }));
  server.on_loop([&] {
    server.service().find(server.handler.last_id)->send(std::string(2'000'000, 'x'));
    wait();
  });
  CHECK(room == 1);
  CHECK(client.read_frame()->payload.size() == 2'000'000);
  REQUIRE(eventually([&] { return room == 2; }));
  server.on_loop([&] {
    server.service().find(server.handler.last_id)->send(std::string(2'000'000, 'x'));
    wait();
  });
  client.close();
  CHECK(eventually([&] { return lost == 1; }));
}

TEST_CASE("websocket: drains with 1001 when its messages are answered", "[http]") {
  Server server;
  Client client = open(server);
  client.write_frame(kText, "hold x");
  REQUIRE(eventually([&] { return server.handler.held_count == 1; }));
  std::promise<void> drained;
  server.on_loop(
      [&] { server.service().drain([&](const engine::Result<>&) { drained.set_value(); }); });
  server.on_loop([&] { server.handler.release(); });
  CHECK(client.read_frame()->payload == "x");
  CHECK(client.read_frame()->close_code() == 1001);
  client.write_frame(kClose, close_payload(1001));
  CHECK(client.at_end());
  CHECK(drained.get_future().wait_for(std::chrono::seconds(20)) == std::future_status::ready);
}

TEST_CASE("websocket: no more messages are read than may be in flight", "[http]") {
  Server server({.in_flight = 4});
  Client client = open(server);
  std::string all;
  for (int i = 0; i < 12; ++i)
    all += frame(kText, "hold " + std::to_string(i));
  client.write(all);
  for (std::size_t i = 0; i < 12; i += 4) {
    REQUIRE(eventually([&] { return server.handler.held_count == 4; }));
    CHECK(server.handler.messages == i + 4);
    server.on_loop([&] { server.handler.release(); });
    for (int j = 0; j < 4; ++j)
      REQUIRE(client.read_frame());
  }
}
