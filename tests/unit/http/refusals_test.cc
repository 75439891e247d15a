#include "client.hh"

using test::Client;
using test::eventually;
using test::post;
using test::Server;

namespace {

struct Bad {
  const char* what;
  std::string request;
  unsigned status;
};

std::vector<Bad> bad_requests() {
  const std::string host = "Host: x\r\n";
  return {
      {"not HTTP", "hello\r\n\r\n", 400},
      {"a JSON line", "{\"jsonrpc\":\"2.0\"}\r\n\r\n", 400},
      {"TLS", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n", 12), 400},
      {"no version", "GET /\r\n\r\n", 400},
      {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"HTTP/0.9 version", "GET / HTTP/0.9\r\n\r\n", 505},
      {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"bare LF in the request line", "GET / HTTP/1.1\n" + host + "\r\n", 400},
      {"bare LF in a header", "GET / HTTP/1.1\r\nHost: x\n\r\n", 400},
      {"continued header", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 400},
      {"blank before the colon", "GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400},
      {"no colon", "GET / HTTP/1.1\r\nHost: x\r\nAbc\r\n\r\n", 400},
      {"NUL in a value", std::string("GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n", 36), 400},
      {"CR in a value", "GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n", 400},
      {"authority form", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 400},
      {"other scheme", "GET ftp://a/b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"blank in the target", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
      {"length and chunks",
       "POST /echo HTTP/1.1\r\n" + host +
           "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       400},
      {"chunks and length",
       "POST /echo HTTP/1.1\r\n" + host +
           "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
       400},
      {"two lengths",
       "POST /echo HTTP/1.1\r\n" + host + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
       400},
      {"a list of lengths",
       "POST /echo HTTP/1.1\r\n" + host + "Content-Length: 3, 4\r\n\r\nabcd",
       400},
      {"negative length", "POST /echo HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n", 400},
      {"signed length", "POST /echo HTTP/1.1\r\n" + host + "Content-Length: +1\r\n\r\na", 400},
      {"hexadecimal length",
       "POST /echo HTTP/1.1\r\n" + host + "Content-Length: 0x1\r\n\r\na",
       400},
      {"length past 64 bits",
       "POST /echo HTTP/1.1\r\n" + host + "Content-Length: 18446744073709551617\r\n\r\na",
       400},
      {"empty length", "POST /echo HTTP/1.1\r\n" + host + "Content-Length:\r\n\r\n", 400},
      {"chunked twice",
       "POST /echo HTTP/1.1\r\n" + host +
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       400},
      {"another coding",
       "POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n",
       501},
      {"a coding behind chunked",
       "POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
       501},
      {"a coding that looks like chunked",
       "POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
       501},
      {"chunks in HTTP/1.0",
       "POST /echo HTTP/1.0\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       501},
      {"an unknown expectation", "POST /echo HTTP/1.1\r\n" + host + "Expect: tea\r\n\r\n", 417},
      {"a chunk size that is none",
       "POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
       400},
      {"a chunk longer than it says",
       "POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n",
       400},
      {"a chunk size past 64 bits",
       "POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n11111111111111111\r\n",
       400},
      {"a negative chunk",
       "POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n-1\r\na",
       400},
  };
}

}  // namespace

TEST_CASE("http: refuses what is not a proper request, says why, and closes", "[http]") {
  Server server;
  for (const Bad& bad : bad_requests()) {
    INFO(bad.what);
    Client client = Client::tcp(server);
    // What came before is answered; what comes behind is not looked at.
    client.write(post("/echo", "before") + bad.request + post("/echo", "behind"));
    CHECK(client.read()->body == "before");
    const auto reply = client.read();
    REQUIRE(reply);
    CHECK(reply->status == bad.status);
    CHECK(reply->headers.at("Connection") == "close");
    CHECK(reply->headers.at("Content-Type") == "text/plain; charset=utf-8");
    CHECK(reply->body.size() > 5);
    CHECK(client.at_end());
  }
  CHECK(server.handler.requests == bad_requests().size());
  CHECK(eventually([&] { return server.service().connections() == 0; }));
}

TEST_CASE("http: the same requests byte by byte are refused as well", "[http]") {
  Server server;
  for (const Bad& bad : bad_requests()) {
    INFO(bad.what);
    Client client = Client::unix_socket(server);
    for (const char c : bad.request) {
      if (::send(client.fd(), &c, 1, MSG_NOSIGNAL) != 1) break;  // it has heard enough
    }
    const auto reply = client.read();
    REQUIRE(reply);
    CHECK(reply->status == bad.status);
  }
  CHECK(server.handler.requests == 0);
}

TEST_CASE("http: one length given twice is one length", "[http]") {
  Server server;
  Client client = Client::tcp(server);
  CHECK(
      client
          .ask("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok")
          .body == "ok");
}

TEST_CASE("http: random bytes end in an answer or in nothing", "[http]") {
  Server server;
  std::uint32_t seed = 7;
  const auto next = [&seed] { return seed = seed * 1'664'525U + 1'013'904'223U; };
  for (int round = 0; round < 300; ++round) {
    std::string bytes = post("/echo", "0123456789", "A: b\r\n");
    for (int change = 0; change < 4; ++change)
      bytes[(next() >> 8U) % bytes.size()] = static_cast<char>(next() >> 16U);
    Client client = Client::unix_socket(server);
    client.write(bytes);
    client.half_close();
    while (client.read()) {
    }
  }
  Client client = Client::unix_socket(server);
  CHECK(client.ask(post("/echo", "alive")).body == "alive");
}
