#include "net/http_sniff.hh"
#include "net/tcp_listener.hh"

#include "server.hh"
#include <netinet/in.h>

namespace net = engine::net;
using engine::Errc;
using net::Beginning;
using test::Client;
using test::Server;

TEST_CASE("net/listen_address: reads IPv4 and IPv6 with a port, and says it the same way") {
  for (const std::string text : {"127.0.0.1:8080", "0.0.0.0:0", "[::1]:65535", "[::]:1"}) {
    const auto address = net::parse_listen_address(text);
    REQUIRE(address);
    CHECK(address->text() == text);
  }
}

TEST_CASE("net/listen_address: refuses what is no address with a port") {
  const auto* text = GENERATE("",
                              "8080",
                              ":8080",
                              "127.0.0.1",
                              "127.0.0.1:",
                              "127.0.0.1:65536",
                              "127.0.0.1:-1",
                              "127.0.0.1:80x",
                              "localhost:80",
                              "::1:80",
                              "[::1]",
                              "[127.0.0.1]:80");
  const auto address = net::parse_listen_address(text);
  REQUIRE_FALSE(address);
  CHECK(address.error().code == Errc::usage);
  CHECK(address.error().message.find(text) != std::string::npos);
}

TEST_CASE("net/tcp_listener: takes connections on the port the kernel chose") {
  engine::loop::Loop loop("test");
  const auto* where = GENERATE("127.0.0.1:0", "[::1]:0");
  int accepted = 0;
  const auto listener = net::TcpListener::open(
      loop, *net::parse_listen_address(where), [&](engine::UniqueFd) { ++accepted; });
  REQUIRE(listener);
  const net::ListenAddress& bound = (*listener)->address();
  CHECK(bound.port() != 0);
  engine::UniqueFd client(::socket(bound.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::connect(client.get(), reinterpret_cast<const sockaddr*>(&bound.address), bound.size) ==
          0);
  CHECK(test::eventually([&] {
    loop.poll();
    return accepted == 1;
  }));
}

TEST_CASE("net/tcp_listener: names the address that is taken") {
  engine::loop::Loop loop("test");
  const auto first = net::TcpListener::open(
      loop, *net::parse_listen_address("127.0.0.1:0"), [](engine::UniqueFd) {});
  REQUIRE(first);
  const auto second = net::TcpListener::open(loop, (*first)->address(), [](engine::UniqueFd) {});
  REQUIRE_FALSE(second);
  CHECK(second.error().code == Errc::cannot_bind);
  CHECK(second.error().message.find((*first)->address().text()) != std::string::npos);
  CHECK_FALSE(second.error().hint.empty());
}

TEST_CASE("net/http_sniff: tells a method word from a line, however little has come") {
  CHECK(net::tell_beginning("P") == Beginning::undecided);
  CHECK(net::tell_beginning("POST") == Beginning::undecided);
  CHECK(net::tell_beginning("POST /rpc/v1") == Beginning::http);
  CHECK(net::tell_beginning("OPTIONS *") == Beginning::http);
  for (const auto* line : {"{", "[", "\"Ping\"", " {", "\n", "post ", "POX", "Ping", "5"})
    CHECK(net::tell_beginning(line) == Beginning::lines);
}

TEST_CASE("net/line_session: hands HTTP over with all that was read") {
  Server server({.tell_http = true});
  Client client(server.path());
  client.write("GE");
  client.write("T /metrics HTTP/1.1\r");
  const auto told = client.read_line();
  REQUIRE(told);
  CHECK(told->starts_with("http GET /"));
  CHECK(test::eventually([&] { return server.service().connections() == 0; }));
  CHECK(server.handler.closed == 0);
}

TEST_CASE("net/line_session: lines are lines where HTTP is looked for, too") {
  Server server({.tell_http = true});
  Client client(server.path());
  SECTION("at once") {
    client.write("echo 1\necho 2\n");
    CHECK(client.read_line() == "1");
    CHECK(client.read_line() == "2");
  }
  SECTION("a beginning that turns out not to be a method") {
    client.write("P");
    client.write("O");
    client.write("X\necho 2\n");
    CHECK(client.read_line() == "? POX");
    CHECK(client.read_line() == "2");
  }
  SECTION("half a method word, then the end") {
    client.write("PO");
    client.half_close();
    CHECK(client.read_line() == "? PO");
  }
}
