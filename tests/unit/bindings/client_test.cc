#include "bindings/modules.hh"
#include "net/line_service.hh"
#include "net/unix_listener.hh"
#include "rpc/encode.hh"
#include "rpc/request.hh"

#include "unit/script/script_fixture.hh"
#include <catch2/catch.hpp>
#include <stdlib.h>

#include <filesystem>

namespace engine::bindings {
namespace {

/// "echo" answers with its params, "fail" fails, "events" sends two notifications first, "never"
/// does not answer.
class EchoServer final : public net::LineHandler {
 public:
  EchoServer(loop::Loop& loop, const std::filesystem::path& path)
      : service_(*net::LineService::open(loop, *this)),
        listener_(*net::UnixListener::open(loop, path, {}, [this](UniqueFd socket) {
          REQUIRE(service_->open_session(std::move(socket)));
        })) {}

  void on_line(net::LineSession& session, std::string_view line, net::Answer answer) override {
    rpc::decode(line, incoming_);
    const rpc::Request& request = incoming_.requests.at(0);
    if (request.method == "never") {
      kept_.push_back(std::move(answer));
      return;
    }
    if (request.method == "whole") {  // gives the request itself
      const std::string text(line);
      answer.write([&](std::string& out) { rpc::encode_result(out, request.id, text); });
      return;
    }
    if (request.method == "event.subscribe") return subscribe(session, request, std::move(answer));
    if (request.method == "break") {
      session.close();
      return;
    }
    if (request.method == "events") {
      session.send(R"({"jsonrpc":"2.0","method":"event","params":{"seq":1}})");
      session.send(R"({"jsonrpc":"2.0","method":"event","params":{"seq":2}})");
    }
    answer.write([&](std::string& out) {
      if (request.method == "fail") {
        rpc::encode_error(
            out, request.id, {.code = Errc::conflict, .message = "m", .hint = "h", .info = "[7]"});
      } else {
        rpc::encode_result(out, request.id, request.params);
      }
    });
  }
  void on_oversize(net::LineSession&, net::Answer) override {}

 private:
  /// Three events (with `sinceSeq`: those behind it), then the answer; `type = 'bad'` is refused.
  void subscribe(net::LineSession& session, const rpc::Request& request, net::Answer answer) {
    const json::Value params = *json::parse(request.params);
    if (params.string_or("type", "") == "bad") {
      answer.write([&](std::string& out) {
        rpc::encode_error(out, request.id, {.code = Errc::invalid_params, .message = "bad"});
      });
      return;
    }
    for (std::int64_t seq = params.integer_or("sinceSeq", 0) + 1; seq <= 3; ++seq) {
      session.send(R"({"method":"event","params":{"sub":1,"event":{"type":"t"},"seq":)" +
                   std::to_string(seq) + "}}");
    }
    answer.send(R"({"result":{"sub":1,"next":4,"gap":)" +
                std::string(params.string_or("type", "") == "gap" ? "true" : "false") +
                "},\"id\":" + std::string(request.id) + "}");
    if (params.string_or("type", "") == "gap") {
      session.send(R"({"method":"lagged","params":{"sub":1,"dropped":7}})");
    }
  }

  rpc::Incoming incoming_;
  std::vector<net::Answer> kept_;
  std::unique_ptr<net::LineService> service_;
  std::unique_ptr<net::UnixListener> listener_;
};

class ClientFixture : public script::ScriptFixture {
 public:
  ClientFixture()
      : ScriptFixture({},
                      {{"engine.client", open_client},
                       {"engine.json", open_json},
                       {"engine.loop", open_loop}}) {
    std::string name = "/tmp/client_binding.XXXXXX";
    directory = ::mkdtemp(name.data());
    server = std::make_unique<EchoServer>(loop, directory / "s");
  }
  ~ClientFixture() {
    server.reset();
    std::filesystem::remove_all(directory);
  }

  std::string run(const std::string& body) {
    const Result<std::string> result = task(
        "local client, json = require('engine.client'), require('engine.json')\n"
        "local loop, dir = require('engine.loop'), '" +
        directory.string() + "/'\n" + body);
    return result ? *result : "failed: " + result.error().message;
  }

  std::filesystem::path directory;
  std::unique_ptr<EchoServer> server;
};

}  // namespace

TEST_CASE("bindings/client: calls, many at once", "[bindings]") {
  ClientFixture lua;
  CHECK(lua.run(R"(
    local conn = assert(client.connect(dir .. 's'))
    assert(conn:connected())
    assert(conn:call('echo', { message = 'hi' }).message == 'hi')
    assert(json.encode(conn:call('echo')) == '{}')
    assert(json.encode(conn:call('echo', {})) == '{}')
    assert(json.encode(conn:call('echo', { a = 1 }, { raw = true })) == '{"a":1}')
    local tasks = {}
    for i = 1, 50 do
      tasks[i] = loop.spawn(function() return conn:call('echo', { n = i }).n end)
    end
    for i = 1, 50 do assert(tasks[i]:join() == i) end
    assert(conn:notify('echo', { a = 1 }))
    conn:close()
    conn:close()
    assert(not pcall(conn.call, conn, 'echo'))
    return 'ok'
  )") == "ok");
}

TEST_CASE("bindings/client: one call on its own", "[bindings]") {
  ClientFixture lua;
  CHECK(lua.run(R"(
    return json.encode(assert(client.call(dir .. 's', 'echo', { list = json.array() })))
  )") == R"({"list":[]})");
}

TEST_CASE("bindings/client: failures are error tables", "[bindings]") {
  ClientFixture lua;
  CHECK(lua.run(R"(
    local nothing, err = client.call(dir .. 's', 'fail')
    assert(nothing == nil and err.code == 'conflict' and err.message == 'm' and err.hint == 'h')
    assert(err.details[1] == 7)
    nothing, err = client.call(dir .. 's', 'never', {}, { timeout = 0.02 })
    assert(nothing == nil and err.code == 'timeout', err.code)
    nothing, err = client.connect(dir .. 'nothing')
    assert(nothing == nil and err.code == 'daemon_not_running' and err.hint:find('daemon start'))
    nothing, err = client.call(dir .. 'nothing', 'echo', {}, { hint = 'start it' })
    assert(nothing == nil and err.hint == 'start it')
    nothing, err = client.call(dir .. 's', 'echo', { f = print })
    assert(nothing == nil and err.code == 'serialization')
    return 'ok'
  )") == "ok");
}

TEST_CASE("bindings/client: notifications during a call and on a connection", "[bindings]") {
  ClientFixture lua;
  CHECK(lua.run(R"(
    local during, always = {}, {}
    local conn = assert(client.connect(dir .. 's', {
      on_event = function(params) always[#always + 1] = params.seq end,
    }))
    conn:call('events', {}, { on_event = function(params, method)
      assert(method == 'event')
      during[#during + 1] = params.seq
    end })
    conn:call('events')
    assert(table.concat(during, ' ') == '1 2', table.concat(during, ' '))
    assert(table.concat(always, ' ') == '1 2 1 2')
    return 'ok'
  )") == "ok");
}

TEST_CASE("bindings/client: queries, actions and what a call says of itself", "[bindings]") {
  ClientFixture lua;
  CHECK(lua.run(R"(
    local conn = assert(client.connect(dir .. 's', { locale = 'pl_PL' }))
    local sent = conn:call('whole', {}, { timeout = 7, trace = 't' })
    assert(sent.locale == 'pl_PL' and sent.trace == 't' and sent.idempotency_key == nil)
    assert(sent.deadline_ms > 6000 and sent.deadline_ms <= 7000, sent.deadline_ms)
    sent = conn:action('whole', {}, { locale = 'de_DE' })
    assert(#sent.idempotency_key == 32 and sent.locale == 'de_DE')
    assert(conn:action('whole', {}, { idempotency_key = 'k' }).idempotency_key == 'k')
    assert(conn:query('whole').idempotency_key == nil)
    local _, err = conn:call('break')
    assert(err.code == 'outcome_unknown', err.code)
    _, err = conn:query('break')
    assert(err.code == 'connection_lost', err.code)
    assert(not pcall(conn.call, conn, 'whole', {}, { idempotency_key = ('x'):rep(65) }))
    return 'ok'
  )") == "ok");
}

TEST_CASE("bindings/client: events in a loop, over a broken connection, to their end",
          "[bindings]") {
  ClientFixture lua;
  CHECK(lua.run(R"(
    local conn = assert(client.connect(dir .. 's'))
    local seen = {}
    local events = conn:events({ type = 'x' }, { since_seq = 1 })
    for event in events do
      seen[#seen + 1] = event.type .. event.seq
      if #seen == 2 then break end
    end
    assert(table.concat(seen, ' ') == 't2 t3')
    local nothing, err = events:next(0.01)
    assert(nothing == nil and err.code == 'timeout')
    conn:call('break')
    nothing, err = events:next(0.2)
    assert(nothing == nil and err.code == 'timeout', 'it was subscribed again behind t3')
    loop.spawn(function() loop.sleep(0.01) conn:close() end)
    assert(events() == nil)
    nothing, err = events:next()
    assert(err.code == 'closed')
    events:close()
    assert(not pcall(events.next, events))
    return 'ok'
  )") == "ok");
}

TEST_CASE("bindings/client: gaps, lag and refusals of events", "[bindings]") {
  ClientFixture lua;
  CHECK(lua.run(R"(
    local conn = assert(client.connect(dir .. 's'))
    local events = conn:events({ type = 'gap' }, { since_seq = 2 })
    assert(events:next().type == 'gap')
    assert(events:next().seq == 3)
    local lagged = events:next()
    assert(lagged.type == 'lagged' and lagged.dropped == 7)
    local bad = conn:events({ type = 'bad' })
    local fine, err = pcall(bad)
    assert(not fine and err.code == 'invalid_params', tostring(err))
    fine, err = bad:next()
    assert(fine == nil and err.code == 'invalid_params')
    local fine, err = conn:events({ f = print })
    assert(fine == nil and err.code == 'serialization')
    conn:events()  -- left to the collector
    return 'ok'
  )") == "ok");
}

TEST_CASE("bindings/client: a cancelled call lets go", "[bindings]") {
  ClientFixture lua;
  CHECK(lua.run(R"(
    local conn = assert(client.connect(dir .. 's'))
    local task = loop.spawn(function() return conn:call('never') end)
    loop.sleep(0.01)
    task:cancel()
    local nothing, err = task:join()
    assert(nothing == nil and err.code == 'cancelled')
    assert(conn:call('echo', { a = 1 }).a == 1)
    local single = loop.spawn(function() return client.call(dir .. 's', 'never') end)
    loop.sleep(0.01)
    single:cancel()
    single:join()
    return 'ok'
  )") == "ok");
}

TEST_CASE("bindings/client: a VM that ends lets its calls go", "[bindings]") {
  ClientFixture lua;
  lua.vm->spawn(lua.compile("local client = require('engine.client')\n"
                            "client.call('" +
                            (lua.directory / "s").string() + "', 'never')"),
                {},
                {},
                [](auto) {});
  lua.loop.poll();
  lua.vm.reset();
  lua.loop.poll();
}

}  // namespace engine::bindings
