#include "server.hh"

#include <thread>

using test::Client;
using test::eventually;
using test::Server;

TEST_CASE("net/line_session: answers pipelined lines in order, whatever the packets") {
  Server server;
  Client client(server.path());
  client.write("echo 1\necho 2\r\n\necho ");
  CHECK(client.read_line() == "1");
  CHECK(client.read_line() == "2");
  client.write("3\necho 4\n");
  CHECK(client.read_line() == "3");
  CHECK(client.read_line() == "4");
}

TEST_CASE("net/line_session: what many send at once is not mixed up") {
  constexpr int kClients = 40;
  constexpr std::size_t kSize = 1'500;  // all of them are more than is read ahead
  Server server;
  std::deque<Client> clients;
  std::promise<void> all_sent;
  for (int i = 0; i < kClients; ++i)
    clients.emplace_back(server.path());
  REQUIRE(eventually([&] { return server.handler.opened == kClients; }));
  server.loop().post([sent = all_sent.get_future()]() mutable { sent.wait(); });
  const auto letters = [](int i) { return std::string(kSize, static_cast<char>('A' + i)); };
  for (int i = 0; i < kClients; ++i)
    clients[static_cast<std::size_t>(i)].write(fmt::format("echo {}\necho {}", letters(i), i));
  all_sent.set_value();
  for (int i = 0; i < kClients; ++i) {
    INFO(i);
    Client& client = clients[static_cast<std::size_t>(i)];
    CHECK(client.read_line() == letters(i));
    client.write("!\n");
    CHECK(client.read_line() == fmt::format("{}!", i));
  }
}

TEST_CASE("net/line_session: late answers come in the order they are given") {
  Server server;
  Client client(server.path());
  client.write("hold a\nhold b\necho c\n");
  CHECK(client.read_line() == "c");
  REQUIRE(eventually([&] { return server.handler.held_count == 2; }));
  server.on_loop([&] { server.handler.release(); });
  CHECK(client.read_line() == "b");
  CHECK(client.read_line() == "a");
}

TEST_CASE("net/line_session: a dropped answer writes nothing and frees its place") {
  Server server({.in_flight = 1});
  Client client(server.path());
  client.write("drop\ndrop\necho x\n");
  CHECK(client.read_line() == "x");
}

TEST_CASE("net/line_session: knows its peer") {
  Server server;
  Client client(server.path());
  client.write("echo x\n");
  CHECK(client.read_line() == "x");
  const auto peer = server.on_loop([&] { return server.handler.last_peer; });
  CHECK(peer.uid == getuid());
  CHECK(peer.gid == getgid());
  CHECK(peer.pid == getpid());
  CHECK(engine::net::LineService::index_of(server.handler.last_id) == 3);
}

TEST_CASE("net/line_session: half-close gets everything answered, then the end") {
  Server server;
  Client client(server.path());
  client.write("hold slow\necho quick\necho last without LF");
  client.half_close();
  CHECK(client.read_line() == "quick");
  CHECK(client.read_line() == "last without LF");
  CHECK(server.service().connections() == 1);
  server.on_loop([&] { server.handler.release(); });
  CHECK(client.read_line() == "slow");
  CHECK(client.read_line() == std::nullopt);
  CHECK(eventually([&] { return server.service().connections() == 0; }));
  CHECK(server.handler.closed == 1);
}

TEST_CASE("net/line_session: a client that writes and leaves has all its lines handled") {
  Server server;
  std::string many;
  for (int i = 0; i < 1'000; ++i)
    many += "echo x\n";
  {
    Client client(server.path());
    client.write(many);
  }
  CHECK(eventually([&] { return server.handler.closed == 1; }));
  CHECK(server.handler.lines >= 1);
  CHECK(server.service().connections() == 0);
}

TEST_CASE("net/line_session: a client that leaves is noticed while its call is held") {
  Server server;
  Client client(server.path());
  client.write("hold x\n");
  REQUIRE(eventually([&] { return server.handler.held_count == 1; }));
  client.close();
  CHECK(eventually([&] { return server.handler.closed == 1; }));
  server.on_loop([&] { server.handler.release(); });
}

TEST_CASE("net/line_session: close writes what is queued first") {
  Server server;
  Client client(server.path());
  client.write("big 3000000\nbye\necho never\n");
  CHECK(client.read_line()->size() == 3'000'000);
  CHECK(client.read_line() == "bye");
  CHECK(client.read_line() == std::nullopt);
}

TEST_CASE("net/line_session: pushes from other threads arrive in order between answers") {
  Server server;
  Client client(server.path());
  client.write("echo x\n");
  CHECK(client.read_line() == "x");
  const std::uint64_t id = server.handler.last_id;
  for (int i = 0; i < 500; ++i) {
    {
      const std::lock_guard lock(server.handler.mutex);
      server.handler.outgoing.push_back(std::to_string(i));
    }
    server.service().wake(id);
  }
  for (int i = 0; i < 500; ++i)
    REQUIRE(client.read_line() == std::to_string(i) + '!');
  server.service().wake(id + 1);
}

TEST_CASE("net/line_session: drain answers what was asked and refuses more") {
  Server server;
  Client busy(server.path());
  Client idle(server.path());
  busy.write("hold x\n");
  REQUIRE(eventually([&] { return server.handler.held_count == 1; }));
  std::promise<void> drained;
  server.on_loop([&] { server.service().drain([&](auto) { drained.set_value(); }); });
  CHECK(idle.read_line() == std::nullopt);
  busy.write("echo too late\n");
  server.on_loop([&] { server.handler.release(); });
  CHECK(busy.read_line() == "x");
  CHECK(busy.read_line() == std::nullopt);
  drained.get_future().wait();
}

TEST_CASE("net/line_session: a thousand connections at once") {
  Server server;
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 1'000; ++i)
    clients.push_back(std::make_unique<Client>(server.path()));
  for (std::size_t i = 0; i < clients.size(); ++i)
    clients[i]->write("echo " + std::to_string(i) + "\n");
  for (std::size_t i = 0; i < clients.size(); ++i)
    REQUIRE(clients[i]->read_line() == std::to_string(i));
  CHECK(server.service().connections() == 1'000);
  clients.clear();
  CHECK(eventually([&] { return server.service().connections() == 0; }));
}
