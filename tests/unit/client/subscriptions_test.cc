#include "json/reader.hh"
#include "json/writer.hh"

#include "client_world.hh"

namespace engine::client {
namespace {

/// Keeps events like a daemon does; a subscription gets all of them.
class EventServer final : public net::LineHandler {
 public:
  EventServer(loop::Loop& loop, std::filesystem::path path) : loop_(loop), path_(std::move(path)) {
    start();
  }

  void start() {
    service_ = *net::LineService::open(loop_, *this);
    listener_ = *net::UnixListener::open(loop_, path_, {}, [this](UniqueFd socket) {
      REQUIRE(service_->open_session(std::move(socket)));
    });
  }
  void stop() {
    subscriptions.clear();
    listener_.reset();
    service_.reset();
  }

  void publish() {
    ++last_seq;
    for (const auto& [sub, session] : subscriptions)
      push(*session, sub, last_seq);
  }

  void on_line(net::LineSession& session, std::string_view line, net::Answer answer) override {
    rpc::decode(line, incoming_);
    const rpc::Request request = incoming_.requests.at(0);
    const auto params = *json::parse(request.params);
    asked.push_back(std::string(request.method) + " " + std::string(request.params));
    if (request.method == "event.unsubscribe") {
      subscriptions.erase(static_cast<std::uint64_t>(params.integer_or("sub", 0)));
      return answer.send(fmt::format(R"({{"id":{},"result":true}})", request.id));
    }
    if (refuse) {
      std::string out;
      rpc::encode_error(out, request.id, {.code = Errc::invalid_params, .message = "filter"});
      return answer.send(out);
    }
    const std::uint64_t sub = ++last_sub;
    subscriptions[sub] = &session;
    const auto since = static_cast<std::uint64_t>(params.integer_or("sinceSeq", 0));
    // As the daemon does: what is replayed comes before the answer.
    const bool known = params.string_or("store", store) == store;
    if (since != 0 && known) {
      for (std::uint64_t seq = std::max(since + 1, kept_from); seq <= last_seq; ++seq)
        push(session, sub, seq);
    }
    answer.send(fmt::format(
        R"({{"id":{},"result":{{"sub":{},"next":{},"replayed":0,"gap":{},"store":"{}"}}}})",
        request.id,
        sub,
        last_seq + 1,
        !known || (since != 0 && since + 1 < kept_from),
        store));
  }
  void on_oversize(net::LineSession&, net::Answer) override {}
  void on_close(net::LineSession& session) override {
    std::erase_if(subscriptions, [&](const auto& one) { return one.second == &session; });
  }

  std::uint64_t last_seq = 10;
  std::uint64_t kept_from = 1;
  std::uint64_t last_sub = 0;
  bool refuse = false;
  std::string store = "one";
  std::map<std::uint64_t, net::LineSession*> subscriptions;
  std::vector<std::string> asked;

 private:
  static void push(net::LineSession& session, std::uint64_t sub, std::uint64_t seq) {
    session.send(fmt::format(
        R"({{"jsonrpc":"2.0","method":"event","params":{{"sub":{},"seq":{},"event":{{"n":{}}}}}}})",
        sub,
        seq,
        seq));
  }

  loop::Loop& loop_;
  std::filesystem::path path_;
  rpc::Incoming incoming_;
  std::unique_ptr<net::LineService> service_;
  std::unique_ptr<net::UnixListener> listener_;
};

struct EventWorld : World {
  EventWorld() : events(loop, path) { connect_to(); }
  ~EventWorld() { client.reset(); }

  /// A consumer that writes down what it is told: "11 12 gap".
  SubscriptionId follow(std::string& into, const char* filter = "{}", SubscribeFrom from = {}) {
    return client->subscribe(filter, from, [&into](const Notice& notice) {
      if (!into.empty()) into += ' ';
      switch (notice.kind) {
        case Notice::Kind::event:
          into += std::to_string(notice.seq);
          CHECK(notice.event == fmt::format(R"({{"n":{}}})", notice.seq));
          break;
        case Notice::Kind::gap:
          into += "gap";
          break;
        case Notice::Kind::lagged:
          into += "lagged" + std::to_string(notice.dropped);
          break;
        case Notice::Kind::ended:
          into += errc_info(notice.error.code).kind;
      }
    });
  }
  void wait_for_subscriptions(std::size_t count) {
    run_until([&] { return events.subscriptions.size() == count; });
    for (int i = 0; i < 20; ++i)
      loop.poll();
  }
  void break_connection() {
    events.stop();
    run_until([&] { return !client->connected(); });
  }
  EventServer events;
};

}  // namespace

TEST_CASE("client: events of a subscription, and none behind its end") {
  EventWorld world;
  std::string seen;
  const SubscriptionId id = world.follow(seen, R"({"type":"job"})");
  world.wait_for_subscriptions(1);
  CHECK(world.events.asked.at(0) == R"(event.subscribe {"type":"job"})");
  world.events.publish();
  world.events.publish();
  world.run_until([&] { return seen == "11 12"; });
  world.client->unsubscribe(id);
  world.events.publish();
  world.wait_for_subscriptions(0);
  CHECK(seen == "11 12");
}

TEST_CASE("client: equal filters share one subscription on the server") {
  EventWorld world;
  std::string a, b, c;
  const auto first = world.follow(a, R"({"type":"job","level":"info"})");
  const auto second = world.follow(b, R"({ "level":"info", "type":"job" })");
  world.follow(c, R"({"type":"log"})");
  world.wait_for_subscriptions(2);
  world.events.publish();
  world.run_until([&] { return a == "11" && b == "11" && c == "11"; });
  world.client->unsubscribe(first);
  world.events.publish();
  world.run_until([&] { return b == "11 12" && c == "11 12"; });
  CHECK(a == "11");
  world.client->unsubscribe(second);
  world.wait_for_subscriptions(1);
}

TEST_CASE("client: a subscription goes on where it was after a reconnect") {
  EventWorld world;
  std::string seen;
  world.follow(seen);
  world.wait_for_subscriptions(1);
  world.events.publish();
  world.run_until([&] { return seen == "11"; });
  world.break_connection();
  world.events.publish();
  world.events.publish();
  world.events.start();
  world.wait_for_subscriptions(1);
  world.run_until([&] { return seen == "11 12 13"; });
  CHECK(world.events.asked.at(1) == R"(event.subscribe {"sinceSeq":11,"store":"one"})");
  world.events.publish();
  world.run_until([&] { return seen == "11 12 13 14"; });
}

TEST_CASE("client: a subscription without events resumes at its beginning") {
  EventWorld world;
  std::string seen;
  world.follow(seen);
  world.wait_for_subscriptions(1);
  world.break_connection();
  world.events.publish();
  world.events.start();
  world.run_until([&] { return seen == "11"; });
}

TEST_CASE("client: what the server no longer has is told as a gap") {
  EventWorld world;
  std::string seen;
  world.follow(seen);
  world.wait_for_subscriptions(1);
  world.events.publish();
  world.run_until([&] { return seen == "11"; });
  world.break_connection();
  for (int i = 0; i < 5; ++i)
    world.events.publish();
  world.events.kept_from = 15;
  world.events.start();
  world.run_until([&] { return seen == "11 gap 15 16"; });
}

TEST_CASE("client: a server that began anew is a gap") {
  EventWorld world;
  std::string seen;
  world.follow(seen);
  world.wait_for_subscriptions(1);
  world.events.publish();
  world.run_until([&] { return seen == "11"; });
  world.break_connection();
  world.events.last_seq = 3;
  world.events.start();
  world.run_until([&] { return seen == "11 gap"; });
  world.events.publish();
  world.run_until([&] { return seen == "11 gap 4"; });
}

TEST_CASE("client: a server of another store is a gap, whatever its numbers") {
  EventWorld world;
  std::string seen;
  world.follow(seen);
  world.wait_for_subscriptions(1);
  world.events.publish();
  world.run_until([&] { return seen == "11"; });
  world.break_connection();
  world.events.store = "another";
  world.events.last_seq = 30;
  world.events.start();
  world.run_until([&] { return seen == "11 gap"; });
  world.events.publish();
  world.run_until([&] { return seen == "11 gap 31"; });
  world.break_connection();
  world.events.last_seq = 33;
  world.events.start();
  world.run_until([&] { return seen == "11 gap 31 32 33"; });
}

TEST_CASE("client: what is replayed comes first, and once") {
  EventWorld world;
  std::string seen;
  world.follow(seen, "{}", {.since_seq = 8});
  world.run_until([&] { return seen == "9 10"; });
  world.events.publish();
  world.run_until([&] { return seen == "9 10 11"; });
}

TEST_CASE("client: a refused subscription, lag, and the end of the client are told") {
  EventWorld world;
  std::string refused, open;
  world.events.refuse = true;
  world.follow(refused, R"({"type":7})");
  world.run_until([&] { return refused == "invalid_params"; });
  world.events.refuse = false;
  world.follow(open);
  world.wait_for_subscriptions(1);
  world.events.subscriptions.begin()->second->send(R"({"method":"lagged","params":{"dropped":5}})");
  world.run_until([&] { return open == "lagged5"; });
  world.client->close();
  world.run_until([&] { return open == "lagged5 closed"; });
  CHECK(refused == "invalid_params");
}

TEST_CASE("client: may be destroyed, or left, from a consumer") {
  EventWorld world;
  int told = 0;
  world.client->subscribe("{}", {}, [&](const Notice&) {
    ++told;
    world.client.reset();
  });
  world.client->subscribe("{}", {}, [&](const Notice&) { ++told; });
  world.wait_for_subscriptions(1);
  world.events.publish();
  world.run_until([&] { return told > 0; });
  for (int i = 0; i < 10; ++i)
    world.loop.poll();
  CHECK(told == 1);
}

}  // namespace engine::client
