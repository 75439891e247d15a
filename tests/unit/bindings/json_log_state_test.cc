#include "base/errc.hh"
#include "base/file.hh"

#include "core_fixture.hh"
#include "support/temp_dir.hh"

namespace engine::bindings {

TEST_CASE("bindings/json: encodes, decodes and reports failures", "[bindings]") {
  CoreFixture lua;
  const auto run = [&](const std::string& body) {
    return lua.call("local json = require('engine.json') " + body).value();
  };
  CHECK(run("return json.encode({b = json.null, a = json.array()})") == R"({"a":[],"b":null})");
  CHECK(run("return json.encode({a = {1}}, {pretty = true})") == "{\n  \"a\": [\n    1\n  ]\n}");
  CHECK(run("local v = json.decode('{\"a\":[null]}') return v.a[1] == json.null") == "true");
  CHECK(run("local v, e = json.decode('[1,') return v == nil and e.code") == "parse_error");
  CHECK(run("local v, e = json.encode({f = print}) return e.code .. e.message") ==
        "serializationf: a function has no JSON form");
  CHECK(run("return tostring(json.null)") == "null");
  CHECK(run("local t = {} return json.array(t) == t and json.is_array(t)") == "true");
  CHECK(run("return {json.is_array({}), json.is_array({1}), json.is_array({x = 1}), "
            "json.is_array(1), json.is_array(json.decode('[]'))}") ==
        "[false,true,false,false,true]");
}

TEST_CASE("bindings/json: raw values stay text", "[bindings]") {
  CoreFixture lua;
  const auto run = [&](const std::string& body) {
    return lua.call("local json = require('engine.json') " + body).value();
  };
  CHECK(run("return tostring(json.raw('{\"b\":1.0}'))") == "{\"b\":1.0}");
  CHECK(run("return json.encode({x = json.raw('1.0')})") == "{\"x\":1.0}");
  CHECK(run("return json.raw('[1]') == json.raw('[1]') and json.raw('1') ~= json.raw('1.0')") ==
        "true");
  CHECK(run("return json.raw('{\"b\":[2]}'):decode().b[1]") == "2");
  CHECK(run("local v, e = json.raw('{') return e.code") == "parse_error");
  CHECK(run("return tostring(json.decode('9007199254740993'))") == "9007199254740993");
}

TEST_CASE("bindings/errc: the table is complete, new makes errors", "[bindings]") {
  CoreFixture lua;
  CHECK(
      lua.call("local n = 0 for _ in pairs(require('engine.errc').kinds) do n = n + 1 end return n")
          .value() == std::to_string(errc_table().size()));
  CHECK(lua.call("return require('engine.errc').kinds.timeout").value() ==
        R"({"exit":5,"five":"InternalError","label":"Timed Out","labelKey":"error.timeout",)"
        R"("number":71})");
  const auto failed = lua.call(
      "error(require('engine.errc').new('conflict', 'taken', {hint = 'wait', details = {1}}))");
  CHECK(failed.error().code == Errc::conflict);
  CHECK(failed.error().hint == "wait");
  CHECK(failed.error().info == "[1]");
}

TEST_CASE("bindings/state: values outlive a VM and are copies", "[bindings]") {
  CoreFixture lua;
  CHECK(lua.call("local s = require('engine.state') assert(s.set('a', {x = 1})) s.get('a').x = 2 "
                 "return s.get('a').x")
            .value() == "1");
  CHECK(lua.call("local s = require('engine.state') s.add('n') s.add('n', 2.5) return s.get('n')")
            .value() == "3.5");
  CHECK(lua.call("local s = require('engine.state') s.set('n', nil) return {s.get('n') == nil, "
                 "s.names()}")
            .value() == R"([true,["a"]])");
  CHECK(lua.call("local ok, e = require('engine.state').set('f', print) return e.code").value() ==
        "serialization");
  CHECK(lua.state.get("a") == R"({"x":1})");
}

TEST_CASE("bindings/state: remembers what was seen, for a time and up to a limit", "[bindings]") {
  using Seen = script::StateTable::Seen;
  script::StateTable table;
  const TimePoint start = Clock::now();
  const auto once = [&](std::string_view key, int second) {
    return table.once(
        "nonce", key, "", start + std::chrono::seconds(second), std::chrono::seconds(60), 2);
  };
  CHECK(once("a", 0) == Seen::first);
  CHECK(once("a", 59) == Seen::again);
  CHECK(once("b", 59) == Seen::first);
  CHECK(once("c", 59) == Seen::full);
  CHECK(once("a", 60) == Seen::first);
  CHECK(once("b", 61) == Seen::again);
  CHECK(table.once("other", "b", "", start, std::chrono::seconds(1), 1) == Seen::first);
  const auto owned = [&](std::string_view owner) {
    return table.once("owned", "k", owner, start, std::chrono::seconds(1), 9);
  };
  CHECK(owned("me") == Seen::first);
  CHECK(owned("me") == Seen::first);
  CHECK(owned("you") == Seen::again);
  CHECK(owned("") == Seen::again);
  CoreFixture lua;
  CHECK(lua.call("local s = require('engine.state') local ok, e = s.once('x', 'k', 9, 1), nil "
                 "local again = s.once('x', 'k', 9, 1) local _, full = s.once('x', 'l', 9, 1) "
                 "return {ok, again, full.code}")
            .value() == R"([true,false,"busy"])");
}

TEST_CASE("bindings/state: lists names by their beginning", "[bindings]") {
  CoreFixture lua;
  CHECK(lua.call("local s = require('engine.state') s.set('a.1', 1) s.set('a.2', 1) s.set('b', 1) "
                 "return {s.names('a.'), s.names('c'), #s.names()}")
            .value() == R"([["a.1","a.2"],[],3])");
}

TEST_CASE("bindings/log: all forms are accepted, misuse raises", "[bindings]") {
  CoreFixture lua;
  CHECK(lua.call("local log = require('engine.log') log.debug('m') log.debug('t', 'm') "
                 "log.debug('m', {a = 1}) log.debug('t', 'm', {a = {1}, b = print, c = 'x'}) "
                 "return (pcall(log.info))")
            .value() == "false");
}

TEST_CASE("bindings/state: marks only rise and outlive the table", "[bindings]") {
  const test::TempDir dir;
  const auto folder = dir.path() / "marks";
  {
    script::StateTable first(folder);
    CHECK(first.mark("m").value() == 0);
    CHECK(first.raise("m", 7));
    CHECK(first.raise("m", 5));
    CHECK(first.mark("m").value() == 0);  // what earlier runs left, not this one
  }
  script::StateTable second(folder);
  CHECK(second.raise("m", 6));
  CHECK(second.mark("m").value() == 7);
  CHECK(read_file(folder / "m").value() == "7");

  REQUIRE(write_file_atomic(folder / "broken", "7x"));
  CHECK(second.mark("broken").error().code == Errc::corrupt);
  CHECK(second.raise("broken", 9).error().code == Errc::corrupt);

  script::StateTable unwritable(folder / "m");  // a file is no folder
  CHECK_FALSE(unwritable.raise("n", 1));
  CHECK_FALSE(unwritable.raise("n", 1));
}

TEST_CASE("bindings/state: marks are raised by scripts, under names that are files", "[bindings]") {
  CoreFixture lua;
  CHECK(lua.call("local s = require('engine.state') return {s.mark('a'), s.raise('a.b-c', 3)}")
            .value() == "[0,true]");
  CHECK(lua.call("local s = require('engine.state') return {pcall(s.mark, '../x'), "
                 "pcall(s.raise, '.x', 1), pcall(s.raise, 'x', -1)}")
            .value()
            .find("true") == std::string::npos);
}

}  // namespace engine::bindings
