#include "core_fixture.hh"

namespace engine::bindings {
namespace {

std::string run(CoreFixture& lua, const std::string& body) {
  const auto result = lua.task("local loop = require('engine.loop') " + body);
  if (!result) return "failed: " + result.error().message;
  return *result;
}

}  // namespace

TEST_CASE("bindings/loop: sleep takes its time and others run meanwhile", "[bindings]") {
  CoreFixture lua;
  CHECK(run(lua, R"(
    local order = {}
    local began = loop.now()
    local a = loop.spawn(function() loop.sleep(0.03) order[#order + 1] = 'a' end)
    local b = loop.spawn(function() loop.sleep(0.01) order[#order + 1] = 'b' end)
    a:join() b:join()
    return order[1] .. order[2] .. tostring(loop.now() - began >= 0.03))") == "batrue");
  CHECK(run(lua, "return pcall(loop.sleep, -1)") == "false");
  CHECK(run(lua, "return pcall(loop.sleep, 0/0)") == "false");
  CHECK(run(lua, "return loop.time() > 1.6e9") == "true");
}

TEST_CASE("bindings/loop: tasks without end are refused, those that end make room", "[bindings]") {
  CoreFixture lua;
  CHECK(run(lua, R"(
    local tasks = {}
    local ok, err
    repeat
      ok, err = pcall(function() tasks[#tasks + 1] = loop.spawn(loop.sleep, {}, 60) end)
    until not ok
    local most = #tasks
    for _, task in ipairs(tasks) do task:cancel() end
    tasks[1]:join() tasks[#tasks]:join()
    return most .. ' ' .. err.code .. ' ' .. loop.spawn(function() return 'again' end):join())") ==
        "10000 busy again");
}

TEST_CASE("bindings/loop: deadline says what is left of the task's own time", "[bindings]") {
  CoreFixture lua;
  CHECK(run(lua, R"(
    local function look() return loop.deadline() end
    local mine = loop.deadline()
    local free = loop.spawn(look):join()
    local bound = loop.spawn(look, { deadline = 7 }):join()
    loop.sleep(0.01)
    return tostring(mine > 0 and loop.deadline() <= mine - 0.01) .. tostring(free)
      .. tostring(bound > 0 and bound <= 7))") == "trueniltrue");
  CHECK(run(lua, R"(
    local late = loop.spawn(function() loop.sleep(60) return loop.deadline() end, { deadline = 0.01 })
    return tostring(late:join()))") == "0");
}

TEST_CASE("bindings/loop: join gives results or the error, before and after the end",
          "[bindings]") {
  CoreFixture lua;
  CHECK(run(lua, R"(
    local t = loop.spawn(function(a, b) loop.sleep(0) return a + b, nil, 'z' end, {name = 'sum'}, 1, 2)
    local a, b, c = t:join()
    local a2, _, c2 = t:join()
    return a .. tostring(b) .. c .. a2 .. c2 .. t:status())") == "3nilz3zended");
  CHECK(run(lua, R"(
    local t = loop.spawn(function() error({code = 'conflict', message = 'no'}) end)
    local v, e = t:join()
    return tostring(v) .. e.code .. t:status())") == "nilconflictfailed");
}

TEST_CASE("bindings/loop: cancel reaches a task before it begins and while it waits",
          "[bindings]") {
  CoreFixture lua;
  CHECK(run(lua, R"(
    local ran = false
    local early = loop.spawn(function() ran = true end)
    early:cancel()
    local _, e1 = early:join()
    local waits = loop.spawn(function() local _, e = loop.sleep(60) return e.code end)
    loop.sleep(0.001)
    waits:cancel()
    waits:cancel()
    return e1.code .. tostring(ran) .. waits:join())") == "cancelledfalsecancelled");
}

TEST_CASE("bindings/loop: a task's own deadline", "[bindings]") {
  CoreFixture lua;
  CHECK(run(lua, R"(
    local t = loop.spawn(function() local _, e = loop.sleep(60) return e.code end, {deadline = 0.02})
    return t:join())") == "timeout");
  if (!script::kGuardWorks) return;
  CHECK(run(lua, R"(
    local t = loop.spawn(function() while true do end end, {slice = 0.02})
    local _, e = t:join()
    return e.code)") == "timeout");
}

TEST_CASE("bindings/loop: channels keep order and wake one receiver per value", "[bindings]") {
  CoreFixture lua;
  CHECK(run(lua, R"(
    local c = loop.channel()
    local got = {}
    local tasks = {}
    for i = 1, 3 do
      tasks[i] = loop.spawn(function()
        while true do
          local v, e = c:receive()
          if v == nil then return e.code end
          got[#got + 1] = v
        end
      end)
    end
    for i = 1, 10 do c:send(i) if i % 3 == 0 then loop.sleep(0) end end
    c:close()
    local codes = ''
    for i = 1, 3 do codes = codes .. tasks[i]:join() end
    table.sort(got)
    return codes .. table.concat(got, ','))") == "closedclosedclosed1,2,3,4,5,6,7,8,9,10");
}

TEST_CASE("bindings/loop: a channel's limits", "[bindings]") {
  CoreFixture lua;
  CHECK(run(lua, R"(
    local c = loop.channel(2)
    assert(c:send('a') and c:send('b') and #c == 2)
    local _, full = c:send('c')
    local first = c:receive()
    c:close()
    local _, closed = c:send('d')
    local second = c:receive()
    local _, empty = c:receive()
    return full.code .. first .. closed.code .. second .. empty.code)") == "busyaclosedbclosed");
  CHECK(run(lua, "local c = loop.channel() local _, e = c:receive(0.01) return e.code") ==
        "timeout");
  CHECK(run(lua, "local c = loop.channel() c:send(1) return c:receive(0.01)") == "1");
  CHECK(run(lua, "return pcall(loop.channel, 0)") == "false");
}

TEST_CASE("bindings/loop: a value for a receiver that was cancelled goes to the next",
          "[bindings]") {
  CoreFixture lua;
  CHECK(run(lua, R"(
    local c = loop.channel()
    local first = loop.spawn(function() return c:receive() end)
    local second = loop.spawn(function() return c:receive() end)
    loop.sleep(0.001)
    c:send('value')
    first:cancel()
    local _, e = first:join()
    return e.code .. second:join())") == "cancelledvalue");
}

TEST_CASE("bindings/loop: closing the VM with tasks, channels and sleepers leaves nothing",
          "[bindings]") {
  CoreFixture lua;
  CHECK(run(lua, R"(
    local c = loop.channel()
    for i = 1, 5 do
      loop.spawn(function() c:receive() end)
      loop.spawn(function() c:receive(60) end)
      loop.spawn(function() loop.sleep(60) end)
      loop.spawn(function() loop.spawn(function() end):join() loop.sleep(60) end)
    end
    c:send({c})
    loop.sleep(0.002)
    loop.spawn(function() end)
    return 'ok')") == "ok");
}

}  // namespace engine::bindings
