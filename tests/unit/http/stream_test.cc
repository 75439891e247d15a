#include "base/defer.hh"

#include "client.hh"

#include <fstream>

using test::Client;
using test::eventually;
using test::get;
using test::post;
using test::Server;

namespace {

// Sanitizers keep what was freed for a while.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kMemoryTells = false;
#else
constexpr bool kMemoryTells = true;
#endif

/// The most memory this process ever had resident, in KiB.
std::size_t peak_memory() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with("VmHWM:")) return std::stoul(line.substr(6));
  }
  return 0;
}

constexpr std::size_t kHuge = 300'000'000;
const std::string kGetHuge = "/file/300000000";

/// A file that takes no room on the disk.
std::filesystem::path hollow_file(Server& server, std::size_t size) {
  std::filesystem::path path = server.directory() / "hollow";
  std::ofstream(path).close();
  std::filesystem::resize_file(path, size);
  return path;
}

void forget_peak() {
  std::ofstream("/proc/self/clear_refs") << "5";
}

std::vector<Client> both_kinds(Server& plain, Server& tls) {
  std::vector<Client> clients;
  clients.push_back(Client::unix_socket(plain));
  clients.push_back(Client::tcp(plain));
  clients.push_back(Client::tls(tls));
  return clients;
}

}  // namespace

TEST_CASE("http stream: files come whole, in order, plain and over TLS", "[http]") {
  Server plain;
  Server tls({}, test::over_tls());
  const auto file = plain.directory() / "file";
  std::string content;
  for (int i = 0; i < 500'000; ++i)
    content += std::to_string(i);
  std::ofstream(file) << content;
  plain.handler.file = tls.handler.file = file;
  const std::string path = "/file/" + std::to_string(content.size());
  for (Client& client : both_kinds(plain, tls)) {
    client.write(get("/hold?first") + get(path) + post("/echo", "between") + get(path) +
                 get("/file/0") + get("/file/10"));
    Server& server = client.tls() != nullptr ? tls : plain;
    REQUIRE(eventually([&] { return server.handler.held_count == 1; }));
    server.on_loop([&] { server.handler.release(); });
    CHECK(client.read()->body == "first");
    CHECK(client.read()->body == content);
    CHECK(client.read()->body == "between");
    CHECK(client.read()->body == content);
    CHECK(client.read()->body.empty());
    CHECK(client.read()->body == content.substr(0, 10));
  }
  SECTION("a file shorter than promised cuts the connection") {
    Client client = Client::tcp(plain);
    client.write(get("/file/" + std::to_string(content.size() + 1)));
    CHECK_THROWS(client.read());
  }
}

TEST_CASE("http stream: an upload is read as it comes, in bounded memory", "[http]") {
  Server plain;
  Server tls({}, test::over_tls());
  constexpr std::size_t kSize = 200UL << 20U;
  for (Client& client : both_kinds(plain, tls)) {
    forget_peak();
    const std::size_t before = peak_memory();
    client.write(
        fmt::format("POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", kSize));
    const std::string part(1UL << 20U, 'x');
    for (std::size_t sent = 0; sent < kSize; sent += part.size())
      client.write(part);
    CHECK(client.read()->body == std::to_string(kSize));
    if (kMemoryTells) CHECK(peak_memory() < before + (20UL << 10U));
    CHECK(client.ask(post("/echo", "x")).body == "x");
  }
}

TEST_CASE("http stream: a chunked upload is read as it comes", "[http]") {
  Server server;
  Client client = Client::unix_socket(server);
  client.write("POST /count HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "186a0\r\n" + std::string(100'000, 'x') + "\r\n";
  for (int i = 0; i < 100; ++i)
    client.write(chunk);
  client.write("0\r\n\r\n");
  CHECK(client.read()->body == "10000000");
  CHECK(client.ask(post("/echo", "x")).body == "x");
}

TEST_CASE("http stream: a reader that does not read stops the sender", "[http]") {
  Server server;
  Client client = Client::unix_socket(server);
  client.write("POST /sink HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n");
  const std::string part(100'000, 'x');
  std::size_t sent = 0;
  std::size_t took = 0;
  int quiet = 0;
  REQUIRE(eventually([&] {
    took = client.write_some(part);
    sent += took;
    quiet = took == 0 ? quiet + 1 : 0;
    return quiet > 100;
  }));
  CHECK(sent < 2'000'000);
  // Giving the reader up skips what comes; the answer ends the connection.
  server.on_loop([&] {
    server.handler.sinks[0].second.send({.status = 507, .body = "full"});
    server.handler.sinks.clear();
  });
  CHECK(client.read()->status == 507);
  CHECK(client.at_end());
}

TEST_CASE("http stream: broken bodies are told to their reader", "[http]") {
  Server server;
  SECTION("the client goes away") {
    Client client = Client::tcp(server);
    client.write("POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
    REQUIRE(eventually([&] { return server.handler.streamed == 3; }));
    client.close();
    CHECK(eventually([&] { return server.handler.stream_errors == 1; }));
    CHECK(eventually([&] { return server.handler.closed == 1; }));
  }
  SECTION("a malformed chunk") {
    Client client = Client::tcp(server);
    client.write(
        "POST /count HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcXYZ\r\n");
    CHECK(client.read()->status == 500);
    CHECK(client.at_end());
    CHECK(server.handler.stream_errors == 1);
  }
  SECTION("a client that goes while it is being sent to") {
    server.handler.file = hollow_file(server, kHuge);
    Client client = Client::tcp(server);
    client.write(get(kGetHuge));
    client.read_bytes(1000);
    client.close();
    CHECK(eventually([&] { return server.handler.closed == 1; }));
  }
}

TEST_CASE("http stream: a slow reader of a file costs bounded memory", "[http]") {
  Server plain;
  Server tls({}, test::over_tls());
  plain.handler.file = tls.handler.file = hollow_file(plain, kHuge);
  for (Client& client : both_kinds(plain, tls)) {
    forget_peak();
    const std::size_t before = peak_memory();
    client.write(get(kGetHuge));
    std::size_t got = 0;
    while (got < kHuge)
      got += client.read_bytes(1'000'000).size();
    if (kMemoryTells) CHECK(peak_memory() < before + (20UL << 10U));
  }
}
