#include "client.hh"
#include <poll.h>

using engine::Milliseconds;
using test::Client;
using test::eventually;
using test::get;
using test::post;
using test::Server;
namespace http = engine::http;

TEST_CASE("http limits: headers over the limit are refused with 431", "[http]") {
  Server server({.header = 1000, .headers = 10});
  SECTION("exactly the limit") {
    std::string request = get("/headers", "A: " + std::string(900, 'a') + "\r\n");
    request.insert(request.size() - 4, std::string(1000 - request.size(), 'a'));
    REQUIRE(request.size() == 1000);
    Client client = Client::tcp(server);
    CHECK(client.ask(request).status == 200);
    request.insert(request.size() - 4, "a");
    CHECK(client.ask(request).status == 431);
    CHECK(client.at_end());
  }
  SECTION("without an end") {
    Client client = Client::tcp(server);
    CHECK(client.ask(std::string(5000, 'G')).status == 431);
  }
  SECTION("too many") {
    std::string headers;
    for (int i = 0; i < 10; ++i)
      headers += "A: b\r\n";
    Client client = Client::tcp(server);
    CHECK(client.ask(get("/headers", headers)).status == 431);
  }
  SECTION("a chunk's head") {
    Client client = Client::tcp(server);
    CHECK(client
              .ask("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;" +
                   std::string(5000, 'a'))
              .status == 431);
  }
}

TEST_CASE("http limits: a body over the limit is refused with 413, read or not", "[http]") {
  Server server({.body = 10'000});
  Client client = Client::tcp(server);
  CHECK(client.ask(post("/echo", std::string(10'000, 'x'))).body.size() == 10'000);
  SECTION("announced") {
    client.write(post("/echo", std::string(10'001, 'x')));
    CHECK(client.read()->status == 413);
    CHECK(client.at_end());
  }
  SECTION("announced, never sent") {
    client.write("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n");
    CHECK(client.read()->status == 413);
  }
  SECTION("in chunks") {
    std::string request = "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (int i = 0; i < 11; ++i)
      request += "3e8\r\n" + std::string(1000, 'x') + "\r\n";
    client.write(request);
    CHECK(client.read()->status == 413);
  }
  SECTION("the client reads the refusal although it is still sending") {
    client.write("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n");
    client.write(std::string(20'000'000, 'x'));
    CHECK(client.read()->status == 413);
    CHECK(client.at_end());
  }
}

TEST_CASE("http limits: a message over the limit is refused at the head of its frame", "[http]") {
  Server server({.message = 10'000});
  Client client = Client::tcp(server);
  REQUIRE(client.upgrade() == 101);
  const std::string size_mask_and_nothing = {0, 0, 0, 0, 0, 1, 0, 0, 'm', 'a', 's', 'k'};
  SECTION("of the first frame") {
    client.write("\x81\xff" + size_mask_and_nothing);
  }
  SECTION("of a later one, which makes it too big together with the first") {
    client.write_frame(1, std::string(5'001, 'x'), false);
    client.write("\x80\xfe" + std::string{0x13, static_cast<char>(0x88), 'm', 'a', 's', 'k'});
  }
  CHECK(client.read_frame()->close_code() == 1009);
}

TEST_CASE("http limits: a frame whose payload never comes is cut off", "[http]") {
  Server server({.stalled = Milliseconds(300), .min_rate = 1'000});
  Client client = Client::tcp(server);
  REQUIRE(client.upgrade() == 101);
  client.write("\x81\x85mask");
  CHECK(client.read_frame()->close_code() == 1008);
}

TEST_CASE("http limits: all half-read bodies together have a limit", "[http]") {
  Server server({.half_read = 100'000});
  const auto half = [](Client& client) {
    client.write("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n" +
                 std::string(80'000, 'x'));
  };
  Client one = Client::tcp(server);
  half(one);
  Client two = Client::tcp(server);
  half(two);
  // Either is the second; the other goes on.
  Client socket = Client::tcp(server);
  REQUIRE(socket.upgrade() == 101);
  pollfd waiting[] = {{.fd = one.fd(), .events = POLLIN, .revents = 0},
                      {.fd = two.fd(), .events = POLLIN, .revents = 0}};
  REQUIRE(::poll(waiting, 2, test::kDeadlineMs) == 1);
  Client& refused = waiting[0].revents != 0 ? one : two;
  Client& served = waiting[0].revents != 0 ? two : one;
  CHECK(refused.read()->status == 503);
  socket.write_frame(1, std::string(50'000, 'x'), false);
  CHECK(socket.read_frame()->close_code() == 1013);
  served.write(std::string(10'000, 'x'));
  CHECK(served.read()->body.size() == 90'000);
  CHECK(served.ask(post("/echo", std::string(90'000, 'y'))).body.size() == 90'000);
}

TEST_CASE("http limits: a slow request is cut off, an idle connection closed", "[http]") {
  Server server({.header_time = Milliseconds(300),
                 .stalled = Milliseconds(300),
                 .idle = Milliseconds(1'000)});
  Client client = Client::tcp(server);
  SECTION("headers") {
    client.write("GET / HTTP/1.1\r\nA: ");
    CHECK(client.read()->status == 408);
    CHECK(client.at_end());
  }
  SECTION("body") {
    client.write("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
    CHECK(client.read()->status == 408);
    CHECK(client.at_end());
  }
  SECTION("streamed body") {
    client.write("POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
    CHECK(client.read()->status == 500);
    CHECK(server.handler.stream_errors == 1);
  }
  SECTION("idle") {
    CHECK(client.ask(post("/echo", "x")).body == "x");
    CHECK(client.at_end());
  }
  SECTION("not while a request is in flight") {
    client.write(get("/hold?later"));
    Client other = Client::tcp(server);
    CHECK(other.at_end());  // the idle time has passed for one that came later
    server.on_loop([&] { server.handler.release(); });
    CHECK(client.read()->body == "later");
  }
}

TEST_CASE("http limits: what drips in is cut off, however often a byte comes", "[http]") {
  Server server({.stalled = Milliseconds(300), .min_rate = 1'000});
  Client client = Client::tcp(server);
  const auto drip = [&](const auto& byte) {
    pollfd ready{.fd = client.fd(), .events = POLLIN, .revents = 0};
    for (int i = 0; i < 1'000 && ready.revents == 0; ++i) {
      byte();
      ::poll(&ready, 1, 20);
    }
    REQUIRE(ready.revents != 0);
  };
  SECTION("body") {
    client.write("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\n");
    drip([&] { client.write("x"); });
    CHECK(client.read()->status == 408);
  }
  SECTION("chunks") {
    client.write("POST /count HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    drip([&] { client.write("1\r\nx\r\n"); });
    CHECK(client.read()->status == 500);  // what /count makes of a broken body
    CHECK(server.handler.stream_errors == 1);
  }
  SECTION("message") {
    REQUIRE(client.upgrade() == 101);
    client.write_frame(1, "x", false);
    drip([&] { client.write_frame(0, "x", false); });
    CHECK(client.read_frame()->close_code() == 1008);
  }
}

TEST_CASE("http limits: no more requests are read than may be in flight", "[http]") {
  Server server({.in_flight = 4});
  Client client = Client::tcp(server);
  std::string all;
  for (int i = 0; i < 20; ++i)
    all += get("/hold?" + std::to_string(i));
  client.write(all);
  for (int i = 0; i < 20; i += 4) {
    REQUIRE(eventually([&] { return server.handler.held_count == 4; }));
    CHECK(server.handler.requests == static_cast<std::size_t>(i) + 4);
    server.on_loop([&] { server.handler.release(); });
    for (int j = i; j < i + 4; ++j)
      CHECK(client.read()->body == std::to_string(j));
  }
}

TEST_CASE("http limits: a client that reads nothing stops being read", "[http]") {
  Server server({.unsent = 100'000});
  Client client = Client::unix_socket(server);
  const std::string request = get("/big/50000");
  std::size_t sent = 0;
  // Fill until nothing is taken any more: the server has stopped reading.
  REQUIRE(eventually([&] {
    const std::size_t took = client.write_some(request);
    sent += took;
    return took < request.size();
  }));
  const std::size_t asked = server.handler.requests;
  const std::size_t unsent =
      server.on_loop([&] { return server.service().find(server.handler.last_id)->unsent(); });
  CHECK(unsent < 200'000);
  for (std::size_t i = 0; i < asked; ++i)
    REQUIRE(client.read()->body.size() == 50'000);
  CHECK(sent / request.size() >= asked);
}

TEST_CASE("http limits: a client that reads nothing is cut off in the end", "[http]") {
  Server server({.stalled = Milliseconds(200)});
  Client client = Client::unix_socket(server);
  client.write(get("/big/50000000"));
  CHECK(eventually([&] { return server.handler.closed == 1; }));
}
