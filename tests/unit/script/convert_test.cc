#include "script/object.hh"

#include "script_fixture.hh"

#include <thread>

namespace engine::script {
namespace {

/// Through push_json and write_json.
std::string round_trip(ScriptFixture& lua,
                       std::string_view text,
                       std::vector<std::string> raw = {}) {
  lua_State* state = lua.vm->state();
  const int top = lua_gettop(state);
  const auto pushed = push_json(state, text, raw);
  REQUIRE(pushed);
  REQUIRE(lua_gettop(state) == top + 1);
  std::string out = to_json(state, -1).value();
  lua_settop(state, top);
  return out;
}

Error write_error(ScriptFixture& lua, std::string_view source) {
  Error error;
  lua.vm->call(lua.compile(source), {}, {}, [&](Outcome outcome) {
    REQUIRE(outcome.status);
    const auto text = to_json(outcome.state, -1);
    REQUIRE_FALSE(text);
    error = text.error();
  });
  return error;
}

struct Thing {
  static constexpr const char* kLuaName = "engine.test.Thing";
  int value = 0;
};

int thing_value(lua_State* state) {
  lua_pushinteger(state, check_object<Thing>(state, 1)->value);
  return 1;
}

int open_things(lua_State* state) {
  static constexpr luaL_Reg kMethods[] = {{"value", thunk<thing_value>},
                                          {"close", thunk<release_object<Thing>>},
                                          {"__len", thunk<thing_value>},
                                          {nullptr, nullptr}};
  define_class<Thing>(state, kMethods);
  push_object(state, std::make_shared<Thing>(Thing{7}));
  return 1;
}

}  // namespace

TEST_CASE("script/convert: documents come back as they were", "[script]") {
  ScriptFixture lua;
  for (const std::string_view text :
       {"null",
        "true",
        "\"\"",
        "[]",
        "{}",
        "[[],{}]",
        "{\"a\":[],\"b\":{},\"c\":null}",
        "[null,null]",
        "[1,-1,0.5,1e+300,9007199254740992,-9007199254740992]",
        "[9007199254740993,-9223372036854775808,18446744073709551615]",
        "\"\\u0000 \xc3\xa9 \\\"\"",
        "{\"\":1,\"1\":2,\"b\":{\"c\":[{\"d\":[]}]}}"}) {
    CHECK(round_trip(lua, text) == text);
  }
  CHECK(round_trip(lua, " { \"b\" : 1 , \"a\" : 2.0 } ") == "{\"a\":2,\"b\":1}");
}

TEST_CASE("script/convert: raw members stay text", "[script]") {
  ScriptFixture lua;
  const std::vector<std::string> raw = {"value"};
  for (const std::string_view text : {"{\"id\":1,\"value\":{\"b\":1.0,\"a\":[1.50]}}",
                                      "{\"id\":{\"value\":1},\"value\":1.0}",
                                      "{\"value\":\"x\"}",
                                      "{\"value\":null,\"z\":[]}",
                                      "{\"value\":[]}",
                                      "{\"value\":true}"}) {
    CHECK(round_trip(lua, text, raw) == text);
  }
  CHECK(round_trip(lua, "{ \"value\" :\n { \"b\":1.0 , \"a\": [ ] } }", raw) ==
        "{\"value\":{ \"b\":1.0 , \"a\": [ ] }}");
}

TEST_CASE("script/convert: bad text leaves the stack as it was", "[script]") {
  ScriptFixture lua;
  lua_State* state = lua.vm->state();
  for (const std::string_view text : {"", "[1,", "{\"a\":[{}", "[1] x", "{\"a\" 1}", "\"\xff\""}) {
    CHECK(push_json(state, text).error().code == Errc::parse_error);
    CHECK(lua_gettop(state) == 0);
  }
  const std::string deep = std::string(193, '[') + std::string(193, ']');
  CHECK(push_json(state, deep).error().code == Errc::request_too_large);
  CHECK(lua_gettop(state) == 0);
  CHECK(round_trip(lua, deep.substr(1, deep.size() - 2)) == deep.substr(1, deep.size() - 2));
}

TEST_CASE("script/convert: the edges of values, in both directions", "[script]") {
  ScriptFixture lua;
  // 64-bit integers keep every digit; so do those of a double.
  for (const std::string_view text : {"9223372036854775807",
                                      "-9223372036854775808",
                                      "18446744073709551615",
                                      "9007199254740993",
                                      "9007199254740992",
                                      "-1",
                                      "0"}) {
    CHECK(round_trip(lua, text) == text);
  }
  // null is a value of its own; empty arrays stay arrays and empty objects objects.
  CHECK(round_trip(lua, R"({"a":null,"b":[],"c":{},"d":[null]})") ==
        R"({"a":null,"b":[],"c":{},"d":[null]})");
  // Of two members of one name the last wins, also where the table or a member is raw.
  CHECK(round_trip(lua, R"({"a":1,"b":2,"a":3})") == R"({"a":3,"b":2})");
  CHECK(round_trip(lua, R"({"a":1,"a":[2]})", {"a"}) == R"({"a":[2]})");
  // What is no number in JSON is refused going in, what is none going out is too.
  for (const std::string_view text : {"NaN", "Infinity", "-Infinity", "1e999", "nan"}) {
    lua_State* state = lua.vm->state();
    const int top = lua_gettop(state);
    CHECK_FALSE(push_json(state, text));
    CHECK(lua_gettop(state) == top);
  }
  CHECK(write_error(lua, "return 0/0").message.find("not finite") != std::string::npos);
  CHECK(write_error(lua, "return -1/0").message.find("not finite") != std::string::npos);
  // A surrogate pair is one character; half a pair is refused, escaped coming in or as bytes going
  // out.
  CHECK(round_trip(lua, R"("\ud83d\ude00")") == "\"\xF0\x9F\x98\x80\"");
  for (const std::string_view text :
       {R"("\ud83d")", R"("\ude00")", R"("\ud83dx")", R"("\ud83d\ud83d")", "\"\xED\xA0\xBD\""}) {
    CHECK_FALSE(push_json(lua.vm->state(), text));
  }
  CHECK(write_error(lua, "return '\\237\\160\\189'").code == Errc::utf8);
}

TEST_CASE("script/convert: what JSON cannot hold is named by its path", "[script]") {
  ScriptFixture lua;
  CHECK(write_error(lua, "return {a = {1, {b = print}}}").message ==
        "a[2].b: a function has no JSON form");
  CHECK(write_error(lua, "return {1, 2, x = 3}").message.find("both list elements") !=
        std::string::npos);
  CHECK(write_error(lua, "return {1, 2, [5] = 3}").message.find("holes") != std::string::npos);
  CHECK(write_error(lua, "return {[3] = 3}").message.find("holes") != std::string::npos);
  CHECK(write_error(lua, "return {[true] = 3}").message.find("key") != std::string::npos);
  CHECK(write_error(lua, "local t = {} t.t = t return t").message.find("cycle") !=
        std::string::npos);
  CHECK(write_error(lua, "return {x = 0/0}").message == "x: the number is not finite");
  CHECK(write_error(lua, "return {1/0}").message == "[1]: the number is not finite");
  CHECK(write_error(lua, "return {'\\255'}").code == Errc::utf8);
}

TEST_CASE("script/convert: objects are written in byte order whatever their age", "[script]") {
  ScriptFixture lua;
  CHECK(lua.call("local t = {} for _, k in ipairs({'b', 'a', 'B', '10', '9', ''}) do t[k] = k end "
                 "return t")
            .value() == R"({"":"","10":"10","9":"9","B":"B","a":"a","b":"b"})");
}

TEST_CASE("script/convert: writing runs no script code", "[script]") {
  ScriptFixture lua;
  CHECK(lua.call("return setmetatable({a = 1}, {__index = error, __pairs = error, __len = error})")
            .value() == R"({"a":1})");
}

TEST_CASE("script/convert: trees go in and out", "[script]") {
  ScriptFixture lua;
  lua_State* state = lua.vm->state();
  const json::Value tree =
      json::parse(R"({"a":[1,2.5,"x",null,true,[],{}],"big":18446744073709551615})").value();
  push_value(state, tree);
  CHECK(to_value(state, -1).value() == tree);
  CHECK(to_json(state, -1).value() == json::write(tree));
  lua_settop(state, 0);
}

TEST_CASE("script/convert: errors keep their fields both ways", "[script]") {
  ScriptFixture lua;
  lua_State* state = lua.vm->state();
  const Error error{.code = Errc::conflict,
                    .message = "taken",
                    .hint = "another name",
                    .info = R"({"name":"x"})",
                    .debug = "trace"};
  CHECK(push_failure(state, error) == 2);
  const Error back = to_error(state, -1);
  CHECK(back.code == error.code);
  CHECK(back.message == error.message);
  CHECK(back.hint == error.hint);
  CHECK(back.info == error.info);
  CHECK(back.debug == error.debug);
  lua_settop(state, 0);
}

TEST_CASE("script/object: methods, metamethods, close and misuse", "[script]") {
  ScriptFixture lua({}, {{"engine.things", open_things}});
  CHECK(lua.call("local t = require('engine.things') return t:value() + #t").value() == "14");
  CHECK(lua.call("return getmetatable(require('engine.things'))").value() == "engine.test.Thing");
  CHECK(lua.call("local t = require('engine.things') local ok, e = pcall(t.value, 'x') return e")
            .value()
            .find("engine.test.Thing") != std::string::npos);
  CHECK(live().objects == 1);
  CHECK(lua.call("local t = require('engine.things') t:close() t:close() "
                 "local ok, e = pcall(t.value, t) return e")
            .value()
            .find("engine.test.Thing is closed") != std::string::npos);
  CHECK(live().objects == 0);
}

TEST_CASE("script/object: a VM that was ended lets its objects go, and may be closed elsewhere",
          "[script]") {
  ScriptFixture lua({}, {{"engine.things", open_things}});
  const Ref function = lua.compile("return 1");
  REQUIRE(lua.call("return require('engine.things'):value()"));
  CHECK(live().objects == 1);
  lua.vm->end();
  CHECK(live().objects == 0);
  CHECK_FALSE(function);
  std::thread([vm = std::move(lua.vm)]() mutable { vm.reset(); }).join();
}

}  // namespace engine::script
