#include "bindings/modules.hh"
#include "event/connection_sinks.hh"
#include "event/job_table.hh"

#include "unit/script/script_fixture.hh"
#include <catch2/catch.hpp>

#include <thread>

namespace engine::bindings {
namespace {

/// A VM with events and jobs.
class EventFixture : public script::ScriptFixture {
 public:
  EventFixture()
      : ScriptFixture({},
                      {{"engine.event", open_event},
                       {"engine.job", open_job},
                       {"engine.json", open_json},
                       {"engine.loop", open_loop}}) {
    services.add(ring);
    services.add(jobs);
    services.add(channels);
    services.add<event::ConnectionSinks>(sinks);
  }
  ~EventFixture() {
    // Listeners and jobs of scripts end with their VM, before ring and table.
    vm.reset();
    loop.poll();
  }

  std::string run(const std::string& body) {
    const Result<std::string> result = task(
        "local event, job = require('engine.event'), require('engine.job')\n"
        "local json, loop = require('engine.json'), require('engine.loop')\n" +
        body);
    return result ? *result : "failed: " + result.error().message;
  }

  /// What the connection has been sent.
  std::vector<std::string> pumped(std::uint64_t connection) {
    struct Lines final : event::PushingSinks::Outlet {
      bool push(std::string_view head, std::string_view tail) override {
        lines.push_back(std::string(head) + std::string(tail));
        return true;
      }
      std::vector<std::string> lines;
    } out;
    sinks.pump(connection, out);
    return out.lines;
  }

  event::Ring ring;
  event::Ring logs;
  event::Channels channels{ring, logs};
  event::JobTable jobs{ring};
  event::PushingSinks sinks{channels, [](std::uint64_t) {}, [](std::uint64_t, Milliseconds) {}};
};

}  // namespace

TEST_CASE("bindings/event: publishes and reads", "[bindings]") {
  EventFixture lua;
  CHECK(lua.run(R"(
    assert(event.publish{ type = 'a', package = 'x', data = { list = json.array() } } == 1)
    assert(event.publish{ type = 'b', level = 'warn' } == 2)
    local page = assert(event.read({ type = 'a' }))
    assert(#page.events == 1 and page.next == 2 and page.gap == false)
    assert(page.events[1].seq == 1 and page.events[1].package == 'x')
    assert(#assert(event.read({ level = 'warn' }, { since = 1 })).events == 1)
    assert(assert(event.read({}, { since = 1 })).events[1].type == 'b')
    assert(assert(event.read({}, { limit = 1 })).events[1].type == 'b')
    event.publish{ type = 'c', resource = { type = 'r', id = '1' }, paths = { '/a', '/b' } }
    local about = event.read({ resourceType = 'r', path_scope = '/b' }).events[1]
    assert(about.resource.id == '1' and about.paths[2] == '/b')
    event.line('service.x', 'said', 'warn')
    local line = event.read({ package = 'x' }, { channel = 'logs' }).events[1]
    assert(line.data.message == 'said' and line.level == 'warn')
    assert(event.counts().logs.events == 1 and event.counts().events.lastSeq == 3)
    local nothing, err = event.read({ typ = 'a' })
    assert(nothing == nil and err.code == 'invalid_params' and err.message:find('filter.typ'))
    assert(not pcall(event.publish, {}))
    return json.encode(page.events[1].data)
  )") == R"({"list":[]})");
}

TEST_CASE("bindings/event: subscribes a connection", "[bindings]") {
  EventFixture lua;
  CHECK(lua.run(R"(
    event.publish{ type = 'early' }
    local sub, info = assert(event.subscribe(7, { type = { 'early', 'late' } }, { replay_last = 5 }))
    assert(info.replayed == 1 and info.next == 2 and info.gap == false)
    event.publish{ type = 'late' }
    local nothing, err = event.subscribe(7, {}, { policy = 'shout' })
    assert(nothing == nil and err.code == 'invalid_params')
    return 'ok'
  )") == "ok");
  const auto lines = lua.pumped(7);
  REQUIRE(lines.size() == 2);
  CHECK(lines[1].starts_with(R"({"jsonrpc":"2.0","method":"event","params":{"sub":)"));
  CHECK(lua.run(R"(
    assert(event.unsubscribe(7, 1) == true)
    assert(event.unsubscribe(7, 1) == false)
    return 'ok'
  )") == "ok");
}

TEST_CASE("bindings/event: a task listens", "[bindings]") {
  EventFixture lua;
  CHECK(lua.run(R"(
    local listener = assert(event.listen({ type = 'x' }))
    loop.spawn(function()
      loop.sleep(0.01)
      event.publish{ type = 'other' }
      event.publish{ type = 'x', data = 1 }
      event.publish{ type = 'x', data = 2 }
    end)
    assert(listener:next(5).data == 1)
    assert(listener:next(5).data == 2)
    local nothing, err = listener:next(0.01)
    assert(nothing == nil and err.code == 'timeout')
    loop.spawn(function() loop.sleep(0.01) listener:close() end)
    nothing, err = listener:next()
    assert(nothing == nil and err.code == 'closed')
    assert(not pcall(listener.next, listener))
    return 'ok'
  )") == "ok");
  CHECK(lua.ring.subscriptions() == 0);
}

TEST_CASE("bindings/event: a slow listener is told what it lost", "[bindings]") {
  EventFixture lua;
  CHECK(lua.run(R"(
    local listener = assert(event.listen())
    for _ = 1, 1030 do event.publish{ type = 'x' } end
    local first = listener:next()
    assert(first.seq == 7 and first.lagged == 6, first.seq)
    assert(listener:next().lagged == nil)
    return 'ok'
  )") == "ok");
}

TEST_CASE("bindings/event: hears what other threads publish", "[bindings]") {
  EventFixture lua;
  std::thread publisher([&] {
    while (lua.ring.subscriptions() == 0)
      std::this_thread::yield();
    for (int i = 0; i < 1'000; ++i)
      lua.ring.publish({.type = "x"});
  });
  CHECK(lua.run(R"(
    local listener = assert(event.listen())
    local last = 0
    for _ = 1, 1000 do
      local ev = assert(listener:next(10))
      assert(ev.seq == last + 1)
      last = ev.seq
    end
    return 'ok'
  )") == "ok");
  publisher.join();
}

TEST_CASE("bindings/job: from begin to end", "[bindings]") {
  EventFixture lua;
  CHECK(lua.run(R"(
    local j = assert(job.create{ kind = 'package.install', target = 'hello', title = 'T' })
    local id = j:id()
    assert(j:progress({ done = 1, total = 2, units = 'bytes' }))
    assert(job.get(id).progress.done == 1)
    loop.spawn(function() loop.sleep(0.01) j:finish({ ok = true }) end)
    local ended = assert(job.wait(id, 5))
    assert(ended.state == 'succeeded' and ended.result.ok == true)
    assert(job.wait(id).state == 'succeeded')
    assert(#job.list() == 1)
    local nothing, err = job.get('nope')
    assert(nothing == nil and err.code == 'not_found')
    nothing, err = j:progress(print)
    assert(nothing == nil and err.code == 'serialization')
    return 'ok'
  )") == "ok");
}

TEST_CASE("bindings/job: failing, cancelling, waiting in vain", "[bindings]") {
  EventFixture lua;
  CHECK(lua.run(R"(
    local j = assert(job.create{ kind = 'k' })
    local nothing, err = job.wait(j:id(), 0.01)
    assert(nothing == nil and err.code == 'timeout')
    local asked = 0
    j:on_cancel(function() loop.sleep(0.001) asked = asked + 1 j:fail({ code = 'cancelled', message = 'm' }) end)
    assert(not j:cancelled())
    assert(job.cancel(j:id()))
    assert(j:cancelled())
    local ended = assert(job.wait(j:id(), 5))
    assert(ended.state == 'cancelled' and asked == 1 and ended.error.message == 'm')

    local broken = assert(job.create{ kind = 'k' })
    broken:fail('it broke')
    assert(job.get(broken:id()).state == 'failed')
    assert(job.get(broken:id()).error.message == 'it broke')

    local id = job.create{ kind = 'k' }:id()
    collectgarbage() collectgarbage()
    assert(job.get(id).state == 'cancelled')
    return 'ok'
  )") == "ok");
}

TEST_CASE("bindings/job: a job ended by another thread wakes the task", "[bindings]") {
  EventFixture lua;
  event::Job job = lua.jobs.create("k");
  std::thread worker([&] {
    std::this_thread::sleep_for(Milliseconds(5));
    job.finish("[1]");
  });
  CHECK(lua.run("return json.encode(assert(job.wait('" + job.id() + "', 10)).result)") == "[1]");
  worker.join();
}

TEST_CASE("bindings/job: a VM that ends lets its waiters and jobs go", "[bindings]") {
  EventFixture lua;
  event::Job job = lua.jobs.create("k");
  lua.vm->spawn(lua.compile("require('engine.job').wait('" + job.id() + "')"), {}, {}, [](auto) {});
  lua.vm->spawn(lua.compile("require('engine.event').listen():next()"), {}, {}, [](auto) {});
  lua.vm.reset();
  job.finish();
  lua.ring.publish({.type = "x"});
  lua.loop.poll();
  CHECK(lua.ring.subscriptions() == 0);
}

}  // namespace engine::bindings
