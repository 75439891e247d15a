#include "server.hh"

#include <random>

using engine::Milliseconds;
using test::Client;
using test::eventually;
using test::Server;

TEST_CASE("net/line_limits: an oversize line is told, skipped, and the connection lives on") {
  Server server({.framer = {.line = 1'000, .skip = 10'000'000}});
  Client client(server.path());
  client.write(std::string(200'000, 'x').append("\necho after\n"));
  CHECK(client.read_line() == "oversize");
  CHECK(client.read_line() == "after");
}

TEST_CASE("net/line_limits: a line that never ends is cut off") {
  Server server({.framer = {.line = 1'000, .skip = 500'000}});
  Client client(server.path());
  const std::string part(100'000, 'x');
  CHECK(
      eventually([&] { return ::send(client.fd(), part.data(), part.size(), MSG_NOSIGNAL) < 0; }));
  CHECK(client.read_line() == "oversize");
  CHECK(client.read_line() == std::nullopt);
}

TEST_CASE("net/line_limits: a line of many megabytes arrives whole") {
  Server server;
  Client client(server.path());
  const std::string text(15'000'000, 'y');
  std::thread writer([&] { client.write("echo " + text + "\n"); });
  CHECK(client.read_line() == text);
  writer.join();
}

TEST_CASE("net/line_limits: reading stops while too many lines are unanswered") {
  Server server({.in_flight = 4});
  Client client(server.path());
  std::string text;
  for (int i = 0; i < 10; ++i)
    text += fmt::format("hold {}\n", i);
  client.write(text);
  REQUIRE(eventually([&] { return server.handler.held_count == 4; }));
  server.on_loop([] {});
  CHECK(server.handler.lines == 4);
  server.on_loop([&] { server.handler.release(); });
  REQUIRE(eventually([&] { return server.handler.held_count == 4; }));
  CHECK(server.handler.lines == 8);
  server.on_loop([&] { server.handler.release(); });
  REQUIRE(eventually([&] { return server.handler.held_count == 2; }));
  server.on_loop([&] { server.handler.release(); });
  for (int i = 0; i < 10; ++i)
    CHECK(client.read_line().has_value());
}

TEST_CASE("net/line_limits: a slow reader bounds the memory it costs") {
  Server server({.unsent = 100'000});
  Client client(server.path());
  std::string text;
  for (int i = 0; i < 2'000; ++i)
    text += "big 10000\n";
  client.write(text);
  // Answers stop when the socket and the allowance are full.
  std::size_t seen = 0;
  CHECK(eventually([&] {
    const std::size_t now = server.handler.lines;
    const bool stable = now == std::exchange(seen, now) && now > 0;
    server.on_loop([] {});
    return stable && server.on_loop([&] {
      return server.service().find(server.handler.last_id)->unsent() > 100'000;
    });
  }));
  CHECK(server.handler.lines < 100);
  CHECK(server.on_loop([&] { return server.service().find(server.handler.last_id)->unsent(); }) <
        200'000);
  for (int i = 0; i < 2'000; ++i)
    REQUIRE(client.read_line()->size() == 10'000);
}

TEST_CASE("net/line_limits: pushes wait for a slow reader outside of the connection") {
  Server server({.pushed = 10'000});
  Client client(server.path());
  client.write("echo x\n");
  CHECK(client.read_line() == "x");
  const std::string line(1'000, 'p');
  server.on_loop([&] { server.handler.outgoing.assign(5'000, line); });
  server.service().wake(server.handler.last_id);
  REQUIRE(eventually([&] { return server.handler.refused > 0; }));
  CHECK(server.on_loop([&] { return server.service().find(server.handler.last_id)->unsent(); }) <
        20'000);
  for (int i = 0; i < 5'000; ++i)
    REQUIRE(client.read_line() == line + '!');
  client.write("echo y\n");
  CHECK(client.read_line() == "y");
}

TEST_CASE("net/line_limits: one greedy connection does not starve another") {
  Server server({.lines_per_turn = 8});
  Client greedy(server.path());
  Client modest(server.path());
  std::string many;
  for (int i = 0; i < 20'000; ++i)
    many += "echo x\n";
  std::thread writer([&] { greedy.write(many); });
  std::thread reader([&] {
    for (int i = 0; i < 20'000; ++i)
      if (!greedy.read_line()) break;
  });
  for (int i = 0; i < 100; ++i) {
    modest.write("echo y\n");
    REQUIRE(modest.read_line() == "y");
  }
  writer.join();
  reader.join();
}

TEST_CASE("net/line_limits: a stalled line and an idle connection are closed") {
  Server server({.stalled_line = Milliseconds(50), .idle = Milliseconds(100)});
  Client stalled(server.path());
  Client idle(server.path());
  stalled.write("echo half a li");
  CHECK(stalled.read_line() == "unfinished");
  CHECK(stalled.read_line() == std::nullopt);
  CHECK(idle.read_line() == std::nullopt);
  CHECK(server.handler.idle == 4);  // three times the handler wanted it to stay
}

TEST_CASE("net/line_limits: connections over the limit are told and closed") {
  Server server({}, 2);
  Client first(server.path());
  Client second(server.path());
  first.write("echo 1\n");
  second.write("echo 2\n");
  CHECK(first.read_line() == "1");
  CHECK(second.read_line() == "2");
  {
    Client third(server.path());
    CHECK(third.read_line() == "busy");
    CHECK(third.read_line() == std::nullopt);
  }
  first.close();
  REQUIRE(eventually([&] { return server.service().connections() == 1; }));
  Client fourth(server.path());
  fourth.write("echo 4\n");
  CHECK(fourth.read_line() == "4");
}

TEST_CASE("net/line_limits: a line that drips in ends the connection, one that flows does not") {
  using engine::net::Pace;
  const engine::TimePoint begin;
  const Pace::Limits limits{.grace = std::chrono::seconds(10), .rate = 100};
  const auto at = [&](int seconds) { return begin + std::chrono::seconds(seconds); };
  Pace pace;
  CHECK_FALSE(pace.is_too_slow(at(0), 1, false, limits));
  CHECK_FALSE(pace.is_too_slow(at(10), 2, false, limits));
  CHECK_FALSE(pace.is_too_slow(at(11), 200, false, limits));
  CHECK(pace.is_too_slow(at(13), 200, false, limits));
  CHECK_FALSE(pace.is_too_slow(at(13), 200, false, {.grace = limits.grace, .rate = 0}));
  pace.reset();
  CHECK_FALSE(pace.is_too_slow(at(20), 0, false, limits));
  CHECK_FALSE(pace.is_too_slow(at(100), 0, true, limits));  // it was we who did not read
  CHECK(pace.is_too_slow(at(111), 0, false, limits));

  Server server({.stalled_line = engine::Milliseconds(1'200), .min_rate = 1'000});
  Client client(server.path());
  const auto begun = engine::Clock::now();
  while (server.handler.closed == 0) {
    REQUIRE(engine::Clock::now() - begun < std::chrono::seconds(20));
    (void)::send(client.fd(), "x", 1, MSG_NOSIGNAL);
    std::this_thread::sleep_for(engine::Milliseconds(20));
  }
  CHECK(client.read_line() == "unfinished");
}

TEST_CASE("net/line_limits: random bytes in random pieces do no harm") {
  Server server({.framer = {.line = 300, .skip = 100'000}});
  std::mt19937 random(11);
  for (int round = 0; round < 30; ++round) {
    Client client(server.path());
    for (int piece = 0; piece < 20; ++piece) {
      std::string text(random() % 400, '\0');
      for (char& byte : text)
        byte = static_cast<char>(random() % 5 == 0 ? '\n' : 'a' + random() % 26);
      client.write(text);
    }
    if (random() % 2 == 0) client.half_close();
  }
  Client client(server.path());
  client.write("echo alive\n");
  CHECK(client.read_line() == "alive");
}

TEST_CASE("net/line_limits: a connection that takes no pushes for long is cut") {
  Server server({.pushed = 10'000,
                 .stalled_line = engine::Milliseconds(0),
                 .stalled_push = engine::Milliseconds(50),
                 .stalled_end = engine::Milliseconds(1)});
  Client client(server.path());
  client.write("echo x\n");
  CHECK(client.read_line() == "x");
  server.on_loop([&] { server.handler.outgoing.assign(5'000, std::string(1'000, 'p')); });
  server.service().wake(server.handler.last_id);
  REQUIRE(eventually([&] { return server.handler.closed == 1; }));
  CHECK(server.handler.stalled == 1);
}

TEST_CASE(
    "net/line_limits: a connection that took no pushes for long may hear why it gets no more") {
  Server server({.pushed = 10'000, .stalled_push = engine::Milliseconds(50)});
  Client client(server.path());
  client.write("echo x\n");
  CHECK(client.read_line() == "x");
  server.on_loop([&] { server.handler.outgoing.assign(5'000, std::string(1'000, 'p')); });
  server.service().wake(server.handler.last_id);
  REQUIRE(eventually([&] { return server.handler.stalled == 1; }));
  server.on_loop([&] { server.handler.outgoing.assign(1, "that was it"); });
  std::optional<std::string> line;
  do {
    line = client.read_line();
    REQUIRE(line);
  } while (*line != "that was it!");
  CHECK(server.handler.closed == 0);
  CHECK(server.handler.stalled == 1);
}
