#include "json/writer.hh"

#include "container_world.hh"
#include <catch2/catch.hpp>
#include <signal.h>
#include <sys/wait.h>

#include <fstream>

using engine::json::Value;
using engine::json::write;

namespace {

std::string kind_of(const Value& error) {
  const Value* data = error.find("data");
  return data == nullptr ? "" : data->string_or("kind", "");
}

std::string details_of(const Value& error) {
  const Value* data = error.find("data");
  return data == nullptr ? "" : data->string_or("details", "");
}

std::map<std::string, std::string> package_of(const std::string& init) {
  return {{"init.lua", init}};
}

}  // namespace

TEST_CASE("container/runtime: answers before a package is loaded", "[container]") {
  ContainerWorld world(package_of("return {}"));
  CHECK(write(world.call("status")) == R"({"initialised":false,"main":"stopped","procedures":[]})");
  CHECK(world.eval("return 6*7") == "42");
  CHECK(world.error("start").integer_or("code", 0) == 1002);
  CHECK(world.error("nothing").integer_or("code", 0) == -32601);
  CHECK(world.error("execute").integer_or("code", 0) == -32602);
  CHECK(write(world.call("exit", R"({"id":"e","target":null})")) == "null");
  CHECK(world.eval("return 1") == "1");
}

TEST_CASE("container/runtime: a package that does not compile is named with file and line",
          "[container]") {
  ContainerWorld world(
      {{"init.lua", "return require('broken')"}, {"broken.lua", "local x =\n= 1\n"}});
  const Value error = world.error("init", R"({"id":"a","kind":"install"})");
  CHECK(kind_of(error) == "script");
  CHECK(details_of(error).find("broken.lua:2:") != std::string::npos);
  CHECK(world.eval("return 'alive'") == "\"alive\"");
  world.write_package("broken.lua", "return {}");
  CHECK(write(world.call("init", R"({"id":"b","kind":"install"})")) == "null");
}

TEST_CASE("container/runtime: what init.lua returns is checked", "[container]") {
  ContainerWorld world(package_of("return { mian = function() end }"));
  const Value error = world.error("init", R"({"id":"a","kind":null})");
  CHECK(details_of(error).find("unknown member 'mian'") != std::string::npos);
}

TEST_CASE("container/runtime: two calls of init run it once and share the outcome", "[container]") {
  ContainerWorld world(package_of(R"(
    local sdk = require('moonbox')
    return { init = function(args) args.effects.echo({ message = 'init' }) sdk.sleep(0.2) end })"));
  const auto first = world.send("init", R"({"id":"a","kind":"install"})");
  const auto second = world.send("init", R"({"id":"b","kind":"install"})");
  CHECK(world.receive(first.get()).find("result") != nullptr);
  CHECK(world.receive(second.get()).find("result") != nullptr);
  CHECK(world.host().calls("echo").size() == 1);
  CHECK(world.host().calls("echo")[0].params.string_or("eventId", "") == "a");
  CHECK(world.host().calls("set-data-version").size() == 1);
}

TEST_CASE("container/runtime: a failed init may be repeated", "[container]") {
  ContainerWorld world(package_of(R"(
    local times = 0
    return { init = function() if os.getenv('PATH') == '/bin' then error('not today') end end })"));
  const Value error = world.error("init", R"({"id":"a","kind":"install"})");
  CHECK(kind_of(error) == "script");
  CHECK(details_of(error).find("init.lua:3: not today") != std::string::npos);
  CHECK_FALSE(world.call("status").boolean_or("initialised", true));
  world.write_package("init.lua", "return {}");
  world.call("init", R"({"id":"b","kind":"install"})");
  CHECK(world.call("status").boolean_or("initialised", false));
}

TEST_CASE("container/runtime: a runaway eval is stopped and the process keeps its pid",
          "[container]") {
  ContainerWorld world(package_of("return {}"));
  world.call("init", R"({"id":"a","kind":null})");
  const Value error = world.error("eval", R"({"script":"while true do end","timeout":300})");
  CHECK(error.integer_or("code", 0) == 71);
  CHECK(world.error("eval", R"({"script":"while true do pcall(error) end","timeout":300})")
            .integer_or("code", 0) == 71);
  CHECK(world.eval("return 'here'") == "\"here\"");
  CHECK(::kill(world.pid(), 0) == 0);
}

TEST_CASE("container/runtime: eval sees the package's globals, prints apart, needs no return",
          "[container]") {
  ContainerWorld world({{"init.lua", "return {}"}, {"thing.lua", "return { value = 5 }"}});
  world.call("init", R"({"id":"a","kind":null})");
  CHECK(world.eval("require('thing').value + 1") == "6");
  CHECK(world.eval("return { f = print, list = { 1, 2 }, none = {} }") ==
        R"({"f":"<function>","list":[1,2],"none":{}})");
  CHECK(write(world.call("eval", R"j({"script":"print('a', 1) print('b')"})j")) ==
        R"({"output":["a\t1","b"],"values":[]})");
  CHECK(details_of(world.error("eval", R"({"script":"return ("})")).find("eval:1:") == 0);
  CHECK(kind_of(world.error(
            "eval", R"({"script":"return nil, {code='not_found', message='x'}"})")) == "not_found");
}

TEST_CASE("container/runtime: a memory bomb in eval is a clean error", "[container]") {
  ContainerWorld world(package_of("return {}"));
  const Value error = world.error(
      "eval", R"({"script":"local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1e6) .. i end"})");
  CHECK(details_of(error).find("not enough memory") != std::string::npos);
  CHECK(world.eval("return 1") == "1");
}

TEST_CASE("container/runtime: procedures time out and can be cancelled", "[container]") {
  ContainerWorld world(package_of(R"(
    local sdk = require('moonbox')
    return { actions = sdk.actions({
      sdk.action({ id = 'slow', run = function() sdk.sleep(60) return 'ended' end }),
      sdk.action({ id = 'quick', run = function() return 'done' end }),
    }) })"));
  world.call("init", R"({"id":"a","kind":null})");
  CHECK(
      world
          .error(
              "execute",
              R"({"id":"x","procedure":"/actions/slow/run","input":{"input":null},"timeout":100})")
          .integer_or("code", 0) == 71);
  const auto slow = world.send(
      "execute", R"({"id":"y","procedure":"/actions/slow/run","input":{},"timeout":null})");
  REQUIRE(eventually(
      [&] { return write(world.call("status")).find("/actions/slow/run") != std::string::npos; }));
  CHECK(write(world.call("cancel", R"({"id":"y"})")) == R"({"cancelled":true})");
  CHECK(world.receive(slow.get()).find("error")->integer_or("code", 0) == 73);
  CHECK(write(world.call("cancel", R"({"id":"y"})")) == R"({"cancelled":false})");
  CHECK(world.call("execute", R"({"id":"z","procedure":"/actions/quick/run","input":{}})")
            .string_or("message", "") == "done");
}

TEST_CASE("container/runtime: paths of procedures", "[container]") {
  ContainerWorld world(package_of("return {}"));
  world.call("init", R"({"id":"a","kind":null})");
  const auto execute = [&](const std::string& path) {
    return world.ask("execute", R"({"id":"x","procedure":")" + path + R"(","input":null})");
  };
  CHECK(write(*execute("/packageInit").find("result")) == "null");
  CHECK(kind_of(*execute("/actions/none/run").find("error")) == "not_found");
  CHECK(kind_of(*execute("/actions/a/b/c").find("error")) == "invalid_params");
  CHECK(kind_of(*execute("/backup/create").find("error")) == "backup");
}

TEST_CASE("container/runtime: a callback is called once and never answered", "[container]") {
  ContainerWorld world(package_of(R"(
    return { init = function(args)
      args.effects.get_status({ packageId = 'other' }, function(value)
        args.effects.echo({ message = value })
      end)
    end })"));
  world.call("init", R"({"id":"a","kind":null})");
  const auto id = world.host().calls("get-status")[0].params.integer_or("callback", 0);
  REQUIRE(id > 0);
  const std::string params = R"({"id":)" + std::to_string(id) + R"(,"args":["changed"]})";
  const auto first = world.send("callback", params);
  REQUIRE(eventually([&] { return world.host().calls("echo").size() == 1; }));
  CHECK(world.host().calls("echo")[0].params.string_or("message", "") == "changed");
  CHECK(world.receive(first.get(), engine::Milliseconds(100)).is_null());
  const auto second = world.send("callback", params);
  CHECK(world.eval("return 1") == "1");
  CHECK(world.host().calls("echo").size() == 1);
}

TEST_CASE("container/runtime: a sandbox looks, records and changes nothing", "[container]") {
  ContainerWorld world(package_of(R"(
    local sdk = require('moonbox')
    seen = nil
    return { actions = sdk.actions({ sdk.action({ id = 'try', run = function(args)
      local version = args.effects.get_data_version()
      args.effects.set_data_version({ version = '9.9.9:0' })
      local written, err = sdk.volume('main'):write('file', 'x')
      return { message = version, title = written and 'written' or err.code }
    end }) }) })"));
  world.call("init", R"({"id":"a","kind":"install"})");
  const Value answer =
      world.call("sandbox", R"({"id":"s","procedure":"/actions/try/run","input":{"input":null}})");
  CHECK(answer.find("result")->string_or("title", "") == "permission_denied");
  CHECK(answer.find("result")->string_or("message", "") == "1.0.0:0");
  CHECK(write(*answer.find("log")).find(R"("effect":"set-data-version")") != std::string::npos);
  CHECK(world.host().calls("set-data-version").size() == 1);
  CHECK_FALSE(std::filesystem::exists(world.inside("media/startos/volumes/main/file")));
}

TEST_CASE("container/runtime: SIGTERM and SIGPWR end it in order", "[container]") {
  for (const int number : {SIGTERM, SIGPWR}) {
    ContainerWorld world(package_of("return {}"));
    world.call("init", R"({"id":"a","kind":null})");
    REQUIRE(::kill(world.pid(), number) == 0);
    const int status = world.wait_exit();
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
    CHECK_FALSE(std::filesystem::exists(world.inside("media/startos/rpc/service.sock")));
  }
}

TEST_CASE("container/runtime: exit answers, runs uninit and ends; a failed uninit does not",
          "[container]") {
  ContainerWorld world(package_of(R"(
    return { uninit = function(args)
      if args.target == 'bad' then error({ code = 'migration_failed', message = 'no way back' }) end
      args.effects.echo({ message = tostring(args.target) })
    end })"));
  world.call("init", R"({"id":"a","kind":null})");
  CHECK(kind_of(world.error("exit", R"({"id":"e","target":"bad"})")) == "migration_failed");
  CHECK(world.call("status").boolean_or("initialised", false));
  CHECK(write(world.call("exit", R"({"id":"f","target":"2.0.0:0"})")) == "null");
  CHECK(world.wait_exit() == 0);
  CHECK(world.host().calls("echo").back().params.string_or("message", "") == "2.0.0:0");
}
