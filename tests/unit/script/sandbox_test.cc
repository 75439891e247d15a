#include "script_fixture.hh"

namespace engine::script {
namespace {

std::string missing(ScriptFixture& lua, std::vector<std::string> names) {
  std::string found;
  for (const std::string& name : names) {
    if (lua.call("local ok, v = pcall(function() return " + name + " end) return ok and v ~= nil")
            .value() == "true") {
      found += name + ' ';
    }
  }
  return found;
}

}  // namespace

TEST_CASE("script/sandbox: trusted scripts have no way to memory, files or bytecode", "[script]") {
  ScriptFixture lua;
  CHECK(missing(lua,
                {"io",
                 "ffi",
                 "package",
                 "jit",
                 "os.execute",
                 "os.exit",
                 "os.remove",
                 "os.rename",
                 "os.tmpname",
                 "os.setlocale",
                 "string.dump",
                 "dofile",
                 "loadfile",
                 "newproxy",
                 "module",
                 "getfenv",
                 "setfenv",
                 "gcinfo",
                 "debug.getinfo",
                 "debug.sethook",
                 "debug.getregistry",
                 "debug.getmetatable"}) == "");
  CHECK(lua.call("return os.time() > 0 and os.getenv('PATH') ~= nil and bit.bor(1, 2) == 3")
            .value() == "true");
}

TEST_CASE("script/sandbox: untrusted scripts have less", "[script]") {
  ScriptFixture lua({.trusted = false});
  CHECK(missing(lua, {"io", "os.getenv", "collectgarbage", "setfenv", "package"}) == "");
}

TEST_CASE("script/sandbox: bytecode is refused", "[script]") {
  ScriptFixture lua;
  CHECK(lua.call("local f, e = load('\\27LJ\\2') return tostring(f) .. e").value() ==
        "nilattempt to load chunk with wrong mode");
  CHECK_FALSE(lua.vm->compile("\x1bLJ\x02", "x"));
}

TEST_CASE("script/sandbox: an undeclared global raises with file and line", "[script]") {
  ScriptFixture lua;
  const auto failed = lua.call("local x = 1\nlost = x");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().message ==
        "test.lua:2: assignment to undeclared global 'lost' (declare it local)");
  CHECK(lua.call("return pcall(setmetatable, _G, nil)").value() == "false");
  CHECK(lua.call("return getmetatable('')").value() == "string");
}

TEST_CASE("script/sandbox: a script collects garbage, but does not stop the collector",
          "[script]") {
  ScriptFixture lua;
  CHECK(lua.call("return collectgarbage() + collectgarbage('collect')").value() == "0");
  CHECK(lua.call("collectgarbage('step', 1) return collectgarbage('count') > 0").value() == "true");
  CHECK(lua.call("return pcall(collectgarbage, 'stop')").value() == "false");
  CHECK(lua.call("return pcall(collectgarbage, 'setpause', 1e9)").value() == "false");
}

TEST_CASE("script/sandbox: load takes text, an environment and pieces", "[script]") {
  ScriptFixture lua;
  CHECK(lua.call("return load('return x', 'n', 't', {x = 5})()").value() == "5");
  CHECK(
      lua.call("local i = 0 return load(function() i = i + 1 return ({'return ', '1 + ', '2'})[i] "
               "end)()")
          .value() == "3");
  CHECK(lua.call("local f, e = load('x =', '@core/a.lua') return e")
            .value()
            .starts_with("core/a.lua:1:"));
}

TEST_CASE("script/sandbox: xpcall runs its handler after the unwind", "[script]") {
  ScriptFixture lua;
  CHECK(lua.call("local ok, a, b = xpcall(error, function(e) return e.x, 2 end, {x = 1}) "
                 "return tostring(ok) .. a .. b")
            .value() == "false12");
  CHECK(lua.call("return select('#', xpcall(function(...) return ... end, error, 1, nil, nil))")
            .value() == "4");
  CHECK(lua.call("local ok, e = pcall(xpcall, error, function() error('again', 0) end) return e")
            .value() == "again");
}

TEST_CASE("script/sandbox: a handler of xpcall sees where the error was raised", "[script]") {
  ScriptFixture lua;
  const std::string head = "local function deep() error('broken') end ";
  CHECK_THAT(
      lua.call(head + "local ok, text = xpcall(function() deep() end, debug.traceback) return text")
          .value(),
      Catch::Contains("broken\n") && Catch::Contains("in function 'deep'"));
  CHECK_THAT(lua.call(head + "pcall(xpcall, deep, function() error('again') end) "
                             "pcall(xpcall, deep, function() end) return debug.traceback()")
                 .value(),
             !Catch::Contains("deep"));
}

TEST_CASE("script/sandbox: debug.place tells where each function of the stack is", "[script]") {
  ScriptFixture lua;
  const std::string name = lua.call("return (debug.place(1))").value();
  CHECK(lua.call("local function here()\n  local file, line = debug.place(1)\n"
                 "  local _, caller = debug.place(2)\n  return file .. line .. ' ' .. caller\nend\n"
                 "local text = here()\nreturn text")
            .value() == name + "2 6");
  CHECK(lua.call("local _, at = pcall(debug.place, 1) return at").value() == "[C]");
  CHECK(lua.call("return select('#', debug.place(99)) + select('#', debug.place(-1))").value() ==
        "0");
  CHECK_FALSE(lua.call("return debug.place('x')"));
}

TEST_CASE("script/sandbox: the array and error metatables are locked", "[script]") {
  ScriptFixture lua;
  lua_State* state = lua.vm->state();
  lua_newtable(state);
  mark_array(state);
  const Ref array = Ref::pop(state);
  const Ref test = lua.compile("local a = ... return getmetatable(a), pcall(setmetatable, a, {})");
  lua.vm->call(
      test,
      [&](lua_State* on) {
        array.push(on);
        return 1;
      },
      {},
      [](Outcome outcome) {
        REQUIRE(outcome.status);
        CHECK(std::string(lua_tostring(outcome.state, -3)) == "engine.json.array");
        CHECK(lua_toboolean(outcome.state, -2) == 0);
      });
}

}  // namespace engine::script
