#include "script_fixture.hh"

#include <stdexcept>

// What the boundary relies on from this LuaJIT and this compiler. When one of these fails, a new
// version changed a fact under us.
namespace engine::script {
namespace {

int witnesses = 0;
struct Witness {
  Witness() { ++witnesses; }
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;
  ~Witness() { --witnesses; }
};

int bare_throw(lua_State*) {
  const Witness witness;
  throw std::runtime_error("lost words");
}

int bare_throw_int(lua_State*) {
  const Witness witness;
  throw 42;
}

int thunk_throw(lua_State*) {
  const Witness witness;
  throw std::runtime_error("kept words");
}

Result<int> thunk_fails(lua_State*) {
  const Witness witness;
  return fail(Errc::not_found, "no such thing");
}

int raise_below(lua_State* state) {
  const Witness witness;
  return luaL_error(state, "raised below");
}

int raise_through_frames(lua_State* state) {
  const Witness witness;
  const std::string text = "a string that does not fit into the small buffer of a std::string";
  return raise_below(state) + static_cast<int>(text.size());
}

int call_argument(lua_State* state) {
  const Witness witness;
  lua_pushvalue(state, 1);
  lua_call(state, 0, 0);
  return 0;
}

/// Whether `catch (std::exception&)` takes a Lua error (it must not).
int catch_around(lua_State* state) {
  const Witness witness;
  try {
    lua_pushvalue(state, 1);
    lua_call(state, 0, 0);
  } catch (const std::exception&) {
    lua_pushliteral(state, "caught");
    return 1;
  }
  return 0;
}

/// `catch (...)` takes a Lua error, and there is no exception to look at. 1: rethrow it.
int catch_all_around(lua_State* state) {
  const Witness witness;
  bool none = false;
  try {
    lua_pushvalue(state, 1);
    lua_call(state, 0, 0);
  } catch (...) {
    none = std::current_exception() == nullptr;
    if (lua_toboolean(state, 2) != 0) throw;
  }
  lua_pushstring(state, none ? "swallowed, no exception" : "nothing caught");
  return 1;
}

int failing_finaliser(lua_State* state) {
  return luaL_error(state, "from __gc");
}

/// Makes garbage whose finaliser fails.
int make_bad_garbage(lua_State* state) {
  lua_newuserdata(state, 8);
  lua_createtable(state, 0, 1);
  lua_pushcfunction(state, failing_finaliser);
  lua_setfield(state, -2, "__gc");
  lua_setmetatable(state, -2);
  lua_pop(state, 1);
  return 0;
}

int open_boundary(lua_State* state) {
  static constexpr luaL_Reg kFunctions[] = {{"bare_throw", bare_throw},
                                            {"bare_throw_int", bare_throw_int},
                                            {"thunk_throw", thunk<thunk_throw>},
                                            {"thunk_fails", thunk<thunk_fails>},
                                            {"raise", thunk<raise_through_frames>},
                                            {"call", thunk<call_argument>},
                                            {"catch_around", thunk<catch_around>},
                                            {"catch_all_around", catch_all_around},
                                            {"make_bad_garbage", thunk<make_bad_garbage>},
                                            {nullptr, nullptr}};
  luaL_newlib(state, kFunctions);
  return 1;
}

class BoundaryFixture : public ScriptFixture {
 public:
  BoundaryFixture() : ScriptFixture({}, {{"engine.boundary", open_boundary}}) {}
  ~BoundaryFixture() { CHECK(witnesses == 0); }
  std::string run(const std::string& body) {
    const std::string source = "local b = require('engine.boundary') " + body;
    const std::string called = call(source).value();
    CHECK(task(source).value() == called);
    return called;
  }
};

}  // namespace

TEST_CASE("script/boundary: a bare C++ exception is caught by pcall and loses its words",
          "[script][boundary]") {
  BoundaryFixture lua;
  CHECK(lua.run("local ok, e = pcall(b.bare_throw) return tostring(ok) .. e") ==
        "falseC++ exception");
  CHECK(lua.run("local ok, e = pcall(b.bare_throw_int) return tostring(ok) .. e") ==
        "falseC++ exception");
}

TEST_CASE("script/boundary: a bare exception in a hot loop and in a coroutine is safe",
          "[script][boundary]") {
  BoundaryFixture lua;
  CHECK(lua.run("local n = 0 for i = 1, 2000 do if not pcall(b.bare_throw) then n = n + 1 end end "
                "return n") == "2000");
  CHECK(lua.run("local ok, e = coroutine.resume(coroutine.create(b.bare_throw)) return e") ==
        "C++ exception");
}

TEST_CASE("script/boundary: the thunk keeps the words of an exception", "[script][boundary]") {
  BoundaryFixture lua;
  CHECK(lua.run("local ok, e = pcall(b.thunk_throw) return e.code .. ': ' .. e.message") ==
        "internal: kept words");
  CHECK(lua.run("local ok, e = xpcall(b.thunk_throw, function(e) return e.code end) return e") ==
        "internal");
}

TEST_CASE("script/boundary: an expected failure is nil, err", "[script][boundary]") {
  BoundaryFixture lua;
  CHECK(lua.run("local v, e = b.thunk_fails() return tostring(v) .. ' ' .. tostring(e)") ==
        "nil not_found: no such thing");
}

TEST_CASE("script/boundary: a Lua error runs the destructors of the frames it crosses",
          "[script][boundary]") {
  BoundaryFixture lua;
  CHECK(lua.run("local n = 0 for i = 1, 500 do if not pcall(b.raise) then n = n + 1 end end "
                "return n") == "500");
  CHECK(witnesses == 0);
  CHECK(lua.run("local mark = {} local ok, e = pcall(b.call, function() error(mark) end) return "
                "tostring(e == mark)") == "true");
  CHECK(witnesses == 0);
}

TEST_CASE("script/boundary: catch (std::exception&) lets a Lua error pass", "[script][boundary]") {
  BoundaryFixture lua;
  CHECK(lua.run("local ok, e = pcall(b.catch_around, function() error('through', 0) end) return "
                "tostring(ok) .. e") == "falsethrough");
}

TEST_CASE("script/boundary: catch (...) takes a Lua error; throw; lets it go on",
          "[script][boundary]") {
  BoundaryFixture lua;
  CHECK(lua.run("return b.catch_all_around(function() error('gone', 0) end, false)") ==
        "swallowed, no exception");
  CHECK(lua.run("local ok, e = pcall(b.catch_all_around, function() error('on', 0) end, true) "
                "return tostring(ok) .. e") == "falseon");
}

TEST_CASE("script/boundary: a finaliser that fails surfaces in the code that collected",
          "[script][boundary]") {
  BoundaryFixture lua;
  CHECK(lua.run("b.make_bad_garbage() local ok, e = pcall(collectgarbage) "
                "return tostring(ok) .. ' ' .. tostring(e)") == "false from __gc");
}

TEST_CASE("script/boundary: an exception between Lua frames keeps its type for C++",
          "[script][boundary]") {
  BoundaryFixture lua;
  CHECK(lua.run("return b.catch_around(b.bare_throw)") == "caught");
}

TEST_CASE("script/boundary: yields cross pcall, metamethods, iterators and loaded chunks",
          "[script][boundary]") {
  BoundaryFixture lua;
  CHECK(lua.run(R"lua(
    local co = coroutine.wrap(function()
      pcall(coroutine.yield, 'a')
      xpcall(function() coroutine.yield('b') end, print)
      local _ = setmetatable({}, {__index = function() coroutine.yield('c') end}).x
      tostring(setmetatable({}, {__tostring = function() coroutine.yield('d') return '' end}))
      for _ in function() coroutine.yield('e') end do end
      load("coroutine.yield('f')")() return '.' end)
    return co() .. co() .. co() .. co() .. co() .. co() .. co())lua") == "abcdef.");
}

TEST_CASE("script/boundary: a compiled pairs() loop ends (LuaJIT with hook checks did not)",
          "[script][boundary]") {
  BoundaryFixture lua;
  CHECK(lua.run(R"lua(
    local t, n = {}, 0
    for i = 1, 150 do t['key' .. i] = i end
    for _ = 1, 100 do for _ in pairs(t) do n = n + 1 assert(n <= 15000) end end
    return n)lua") == "15000");
}

TEST_CASE("script/boundary: yields do not cross table.sort, string.gsub and require",
          "[script][boundary]") {
  BoundaryFixture lua;
  CHECK(lua.run(R"lua(
    local function try(f) return (coroutine.resume(coroutine.create(f))) and 'y' or 'n' end
    return try(function() table.sort({2, 1}, function() coroutine.yield() end) end)
      .. try(function() ('x'):gsub('x', function() coroutine.yield() end) end)
      .. try(function() b.call(coroutine.yield) end))lua") == "nnn");
}

}  // namespace engine::script
