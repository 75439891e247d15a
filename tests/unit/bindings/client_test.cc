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
