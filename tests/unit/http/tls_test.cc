#include "client.hh"
#include <openssl/ssl.h>

using engine::Milliseconds;
using test::Client;
using test::eventually;
using test::get;
using test::post;
using test::Server;
namespace http = engine::http;

TEST_CASE("tls: speaks HTTP with TLS 1.2 and 1.3 clients", "[http]") {
  Server server({}, test::over_tls());
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Client client = Client::tls(server, std::string("\x02h2\x08http/1.1"), version);
    CHECK(::SSL_version(client.tls()) == version);
    const unsigned char* protocol = nullptr;
    unsigned size = 0;
    ::SSL_get0_alpn_selected(client.tls(), &protocol, &size);
    CHECK(std::string(reinterpret_cast<const char*>(protocol), size) == "http/1.1");
    for (int i = 0; i < 50; ++i)
      CHECK(client.ask(post("/echo", std::string(static_cast<std::size_t>(i) * 1000, 'x')))
                .body.size() == static_cast<std::size_t>(i) * 1000);
    CHECK(server.on_loop([&] { return server.service().find(server.handler.last_id)->secure(); }));
  }
}

TEST_CASE("tls: a client that offers h2 alone is served without ALPN", "[http]") {
  Server server({}, test::over_tls());
  Client client = Client::tls(server, std::string("\x02h2"));
  CHECK(client.ask(post("/echo", "x")).body == "x");
}

TEST_CASE("tls: refuses TLS 1.1", "[http]") {
  Server server({}, test::over_tls());
  CHECK_THROWS(Client::tls(server, {}, TLS1_1_VERSION));
  CHECK(eventually([&] { return server.service().connections() == 0; }));
  CHECK(server.handler.opened == 0);
}

TEST_CASE("tls: tells a client that speaks plain HTTP", "[http]") {
  Server server({}, test::over_tls());
  Client client = Client::tcp(server);
  client.write(post("/echo", "x"));
  const auto reply = client.read();
  REQUIRE(reply);
  CHECK(reply->status == 400);
  CHECK(reply->body == "this port speaks TLS: use https:// or wss\n");
}

TEST_CASE("tls: a handshake that does not go on is given up", "[http]") {
  Server server({.handshake = Milliseconds(100)}, test::over_tls());
  Client client = Client::tcp(server);
  SECTION("silent") {}
  SECTION("half a hello") {
    client.write(std::string("\x16\x03\x01\x02\x00\x01\x00\x01", 8));
  }
  SECTION("rubbish") {
    client.write("rubbish that is no hello");
  }
  while (client.read_line()) {
  }
  CHECK(eventually([&] { return server.service().connections() == 0; }));
  CHECK(server.handler.opened == 0);
}

TEST_CASE("tls: 10 000 pipelined requests are answered in order", "[http]") {
  Server server({}, test::over_tls());
  Client client = Client::tls(server);
  std::string all;
  for (int i = 0; i < 1000; ++i)
    all += post("/echo", std::to_string(i));
  for (int round = 0; round < 10; ++round) {
    client.write(all);
    for (int i = 0; i < 1000; ++i)
      REQUIRE(client.read()->body == std::to_string(i));
  }
}

TEST_CASE("tls: big answers reach a slow reader whole", "[http]") {
  Server server({}, test::over_tls());
  Client client = Client::tls(server);
  client.write(get("/big/20000000") + post("/echo", "x"));
  REQUIRE(eventually([&] { return server.handler.requests == 1; }));
  CHECK(client.read()->body.size() == 20'000'000);
  CHECK(client.read()->body == "x");
}

TEST_CASE("tls: WebSocket upgrades over TLS", "[http]") {
  Server server({}, test::over_tls());
  Client client = Client::tls(server);
  REQUIRE(client.upgrade() == 101);
  for (const std::size_t size : {1, 200, 100'000, 3'000'000}) {
    client.write_frame(1, std::string(size, 'a'));
    CHECK(client.read_frame()->payload.size() == size);
  }
}

TEST_CASE("tls: lines come and go over TLS as over a socket", "[http]") {
  Server server({.framer = {.line = 100'000}}, test::over_tls(http::Protocol::lines));
  Client client = Client::tls(server);
  client.write("one\r\n\n\ntwo\nthr");
  CHECK(client.read_line() == "one");
  CHECK(client.read_line() == "two");
  client.write("ee\n" + std::string(100'000, 'x') + "\n" + std::string(100'001, 'y') + "\nafter\n");
  CHECK(client.read_line() == "three");
  CHECK(client.read_line()->size() == 100'000);
  CHECK(client.read_line() == "oversize");
  CHECK(client.read_line() == "after");
  server.on_loop([&] { server.service().find(server.handler.last_id)->send("said"); });
  CHECK(client.read_line() == "said");
  SECTION("many") {
    std::string all;
    for (int i = 0; i < 10'000; ++i)
      all += std::to_string(i) + "\n";
    std::thread writer([&] { client.write(all); });
    writer.join();
    for (int i = 0; i < 10'000; ++i)
      REQUIRE(client.read_line() == std::to_string(i));
  }
  SECTION("the server closes") {
    client.write("bye\n");
    CHECK(client.read_line() == "bye");
    CHECK(client.at_end());
  }
  SECTION("the client says that it writes no more") {
    client.write("last");
    ::SSL_shutdown(client.tls());
    CHECK(client.read_line() == "last");
    CHECK(client.at_end());
  }
  SECTION("it drains") {
    std::promise<void> drained;
    server.on_loop(
        [&] { server.service().drain([&](const engine::Result<>&) { drained.set_value(); }); });
    CHECK(client.at_end());
    CHECK(drained.get_future().wait_for(std::chrono::seconds(20)) == std::future_status::ready);
  }
}

TEST_CASE("tls: lines that do not come to their end have limits", "[http]") {
  SECTION("of memory, all together") {
    Server server({.half_read = 100'000}, test::over_tls(http::Protocol::lines));
    Client one = Client::tls(server);
    one.write(std::string(80'000, 'x'));
    Client two = Client::tls(server);
    two.write(std::string(80'000, 'y'));
    CHECK(eventually([&] { return server.handler.closed == 1; }));
    Client three = Client::tls(server);
    three.write("short\n");
    CHECK(three.read_line() == "short");
  }
  SECTION("of time inside a line") {
    Server server({.stalled_line = Milliseconds(400)}, test::over_tls(http::Protocol::lines));
    Client client = Client::tls(server);
    client.write("whole\n");
    CHECK(client.read_line() == "whole");
    client.write("begun");
    CHECK(client.read_line() == "unfinished");
    CHECK(client.at_end());
  }
  SECTION("of time between lines") {
    Server server({.idle_lines = Milliseconds(400)}, test::over_tls(http::Protocol::lines));
    Client client = Client::tls(server);
    client.write("one\n");
    CHECK(client.read_line() == "one");
    CHECK(client.at_end());
    CHECK(server.handler.idle == 4);  // three times the handler wanted it to stay
  }
}

TEST_CASE("tls: does not take a key of another certificate", "[http]") {
  engine::crypto::Identity mixed = test::identity();
  mixed.key = engine::crypto::make_identity("other")->key;
  CHECK(http::TlsContext::make(mixed, true).error().code == engine::Errc::openssl);
}
