#include "base/defer.hh"

#include "client.hh"

using test::Client;
using test::eventually;
using test::get;
using test::post;
using test::Server;

TEST_CASE("http: keeps a connection over many requests, over TCP and a Unix socket", "[http]") {
  Server server;
  for (const bool tcp : {false, true}) {
    Client client = tcp ? Client::tcp(server) : Client::unix_socket(server);
    for (int i = 0; i < 100; ++i) {
      const auto reply = client.ask(post("/echo", "{\"n\":" + std::to_string(i) + "}"));
      CHECK(reply.status == 200);
      CHECK(reply.body == "{\"n\":" + std::to_string(i) + "}");
      CHECK(reply.headers.at("Content-Type") == "application/json");
      CHECK_FALSE(reply.headers.contains("Connection"));
    }
  }
  CHECK(server.handler.opened == 2);
  CHECK(eventually([&] { return server.handler.closed == 2; }));
}

TEST_CASE("http: says who is at the other end", "[http]") {
  Server server;
  Client tcp = Client::tcp(server);
  tcp.ask(post("/echo", "x"));
  CHECK(server.handler.address.get_future().get().starts_with("127.0.0.1:"));
  CHECK(server.handler.peer_pid == 0);
  Client local = Client::unix_socket(server);
  local.ask(post("/echo", "x"));
  CHECK(server.handler.peer_pid == getpid());
}

TEST_CASE("http: answers 10 000 pipelined requests in their order", "[http]") {
  Server server;
  Client client = Client::unix_socket(server);
  std::thread writer([&] {
    std::string all;
    for (int i = 0; i < 10'000; ++i)
      all += post("/echo", std::to_string(i));
    client.write(all);
  });
  const engine::Defer join([&] { writer.join(); });
  for (int i = 0; i < 10'000; ++i) {
    const auto reply = client.read();
    REQUIRE(reply);
    REQUIRE(reply->body == std::to_string(i));
  }
  CHECK(server.handler.requests == 10'000);
}

TEST_CASE("http: answers go out in request order whichever is ready first", "[http]") {
  Server server;
  Client client = Client::tcp(server);
  client.write(post("/hold", "first") + post("/echo", "second") + post("/hold", "third") +
               post("/echo", "last"));
  REQUIRE(eventually([&] { return server.handler.requests == 4; }));
  server.on_loop([&] { server.handler.release(); });
  CHECK(client.read()->body == "first");
  CHECK(client.read()->body == "second");
  CHECK(client.read()->body == "third");
  CHECK(client.read()->body == "last");
}

TEST_CASE("http: a sender of single bytes is understood", "[http]") {
  Server server;
  Client client = Client::tcp(server);
  const std::string request = "\r\n" + post("/echo", "{}") +
                              "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                              "3;a=b\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: 1\r\n\r\n" +
                              post("/echo", "end");
  for (const char c : request)
    client.write({&c, 1});
  CHECK(client.read()->body == "{}");
  CHECK(client.read()->body == "abcde");
  CHECK(client.read()->body == "end");
}

TEST_CASE("http: a client that writes no more gets what it asked for", "[http]") {
  Server server;
  Client client = Client::unix_socket(server);
  client.write(post("/echo", "a") + post("/hold", "b"));
  client.half_close();
  CHECK(client.read()->body == "a");
  REQUIRE(eventually([&] { return server.handler.held_count == 1; }));
  server.on_loop([&] { server.handler.release(); });
  CHECK(client.read()->body == "b");
  CHECK(client.at_end());
  CHECK(eventually([&] { return server.handler.closed == 1; }));
}

TEST_CASE("http: Connection: close and HTTP/1.0 end as they are asked to", "[http]") {
  Server server;
  SECTION("close") {
    Client client = Client::tcp(server);
    const auto reply = client.ask(post("/echo", "x", "Connection: Close\r\n") + post("/echo", "y"));
    CHECK(reply.body == "x");
    CHECK(reply.headers.at("Connection") == "close");
    CHECK(client.at_end());
    CHECK(server.handler.requests == 1);
  }
  SECTION("1.0 closes") {
    Client client = Client::tcp(server);
    const auto reply = client.ask("POST /echo HTTP/1.0\r\nContent-Length: 1\r\n\r\nx");
    CHECK(reply.body == "x");
    CHECK(reply.headers.at("Connection") == "close");
    CHECK(client.at_end());
  }
  SECTION("1.0 keeps alive when asked to") {
    Client client = Client::tcp(server);
    for (int i = 0; i < 2; ++i) {
      const auto reply =
          client.ask("POST /echo HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx");
      CHECK(reply.headers.at("Connection") == "keep-alive");
    }
  }
  SECTION("by the server") {
    Client client = Client::tcp(server);
    CHECK(client.ask(get("/bye")).body == "bye");
    CHECK(client.at_end());
  }
}

TEST_CASE("http: HEAD has the headers of its answer and no body", "[http]") {
  Server server;
  Client client = Client::tcp(server);
  client.write("HEAD /big/500 HTTP/1.1\r\nHost: x\r\n\r\n" + post("/echo", "x"));
  CHECK(client.read(true)->headers.at("Content-Length") == "500");
  CHECK(client.read()->body == "x");
  const auto empty = client.ask(get("/empty"));
  CHECK(empty.status == 204);
  CHECK_FALSE(empty.headers.contains("Content-Length"));
  CHECK(client.ask(post("/echo", "y")).body == "y");
}

TEST_CASE("http: shows requests as they are", "[http]") {
  Server server;
  Client client = Client::tcp(server);
  SECTION("names in lower case, values trimmed") {
    const auto reply = client.ask(get("/headers?a=b?c", "X-MiXeD:   v w \t\r\nEmpty:\r\n"));
    CHECK(reply.body == "GET /headers a=b?c\nhost=test\nx-mixed=v w\nempty=");
    CHECK(reply.headers.at("X-One") == "1");
    CHECK(reply.headers.at("Set-Cookie") == "s=1");
    CHECK_FALSE(reply.headers.contains("X-Bad"));
  }
  SECTION("absolute form") {
    const auto reply =
        client.ask("GET http://other:80/headers?q HTTP/1.1\r\nHost: other:80\r\n\r\n");
    CHECK(reply.body == "GET /headers q\nhost=other:80");
    CHECK(client.ask("GET HTTPS://other HTTP/1.1\r\nHost: o\r\n\r\n").status == 404);
  }
  SECTION("asterisk form") {
    CHECK(client.ask("OPTIONS * HTTP/1.1\r\nHost: o\r\n\r\n").status == 404);
  }
}

TEST_CASE("http: invites a body that waits to be invited", "[http]") {
  Server server;
  Client client = Client::tcp(server);
  SECTION("whole") {
    client.write(
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\n");
    CHECK(client.read()->status == 100);
    CHECK(client.ask("ok").body == "ok");
  }
  SECTION("behind an answer that is not ready") {
    client.write(
        post("/hold", "a") +
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    REQUIRE(eventually([&] { return server.handler.held_count == 1; }));
    server.on_loop([&] { server.handler.release(); });
    CHECK(client.read()->body == "a");
    CHECK(client.read()->status == 100);
    CHECK(client.ask("ok").body == "ok");
  }
  SECTION("streamed: when it is read") {
    client.write(
        "POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    CHECK(client.read()->status == 100);
    CHECK(client.ask("ok").body == "2");
  }
  SECTION("not at all when the answer is no") {
    client.write(
        "POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    CHECK(client.read()->status == 403);
    CHECK(client.at_end());
  }
}

TEST_CASE("http: a handler that answers nothing answers 500", "[http]") {
  Server server;
  Client client = Client::tcp(server);
  CHECK(client.ask(get("/drop")).status == 500);
  CHECK(client.ask(post("/echo", "x")).body == "x");
}

TEST_CASE("http: takes over a socket of which the beginning was read", "[http]") {
  Server server;
  int pair[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
  Client client{engine::UniqueFd(pair[0])};
  const std::string request = post("/echo", "x");
  server.adopt(engine::UniqueFd(pair[1]), request.substr(0, 10));
  CHECK(client.ask(request.substr(10)).body == "x");
  CHECK(client.ask(request).body == "x");
}

TEST_CASE("http: drains: answers what is in flight, refuses what is new", "[http]") {
  Server server;
  Client idle = Client::tcp(server);
  idle.ask(post("/echo", "x"));
  Client busy = Client::tcp(server);
  busy.write(post("/hold", "late"));
  REQUIRE(eventually([&] { return server.handler.held_count == 1; }));
  std::promise<void> drained;
  server.on_loop(
      [&] { server.service().drain([&](const engine::Result<>&) { drained.set_value(); }); });
  CHECK(idle.at_end());
  server.on_loop([&] { server.handler.release(); });
  const auto reply = busy.read();
  CHECK(reply->body == "late");
  CHECK(reply->headers.at("Connection") == "close");
  CHECK(busy.at_end());
  busy.close();
  CHECK(drained.get_future().wait_for(std::chrono::seconds(20)) == std::future_status::ready);
  Client late = Client::tcp(server);
  CHECK(late.read()->status == 503);
}

TEST_CASE("http: carries a thousand idle connections beside a busy one", "[http]") {
  Server server;
  std::vector<Client> idle;
  for (int i = 0; i < 1000; ++i)
    idle.push_back(Client::unix_socket(server));
  for (Client& client : idle)
    client.write("POST /echo HTTP/1.1\r\n");
  Client busy = Client::unix_socket(server);
  for (int i = 0; i < 1000; ++i)
    REQUIRE(busy.ask(post("/echo", "x")).body == "x");
  for (Client& client : idle)
    client.write("Host: x\r\nContent-Length: 2\r\n\r\nok");
  for (Client& client : idle)
    REQUIRE(client.read()->body == "ok");
  idle.clear();
  CHECK(eventually([&] { return server.service().connections() == 1; }));
}
