// Each row of docs/limits.md that names no other suite, by its name.

#include "base/file.hh"

#include "script_fixture.hh"

#include <set>

namespace engine::script {
namespace {

enum class Ends : std::uint8_t {
  deadline,
  memory,
  either,  ///< whichever comes first
  script,  ///< an error of its own
  well,
};

struct Shape {
  std::string_view name;
  Ends ends;
  const char* source;
};

constexpr Shape kShapes[] = {
    {"plain loop", Ends::deadline, "local n = 0 while true do n = n + 1 end"},
    {"nested loops",
     Ends::deadline,
     "local n = 0 while true do for i = 1, 1000 do for j = 1, 1000 do n = n + i * j end end end"},
    {"allocating loop", Ends::deadline, "local t while true do t = {{}, 'x', {1}} end"},
    {"growing table", Ends::memory, "local t = {} while true do t[#t + 1] = {#t} end"},
    {"string building",
     Ends::deadline,
     "local s = '' while true do s = s .. 'x' if #s > 1000 then s = '' end end"},
    {"doubling string", Ends::memory, "local s = 'x' while true do s = s .. s end"},
    {"coroutine", Ends::deadline, "coroutine.wrap(function() while true do end end)()"},
    {"coroutines without end",
     Ends::either,
     "local t = {} while true do local c = coroutine.create(function() coroutine.yield() end) "
     "coroutine.resume(c) t[#t + 1] = c end"},
    {"__index",
     Ends::deadline,
     "local t = setmetatable({}, {__index = function() while true do end end}) return t.x"},
    {"__gc", Ends::well, "assert(newproxy == nil) setmetatable({}, {__gc = error}) return 'well'"},
    {"tail recursion", Ends::deadline, "local function f(n) return f(n + 1) end return f(0)"},
    {"pcall loop",
     Ends::deadline,
     "local function f() while true do end end while true do pcall(f) end"},
    {"xpcall handler loop", Ends::deadline, "xpcall(error, function() while true do end end)"},
    {"deep recursion", Ends::script, "local function f(n) return 1 + f(n + 1) end return f(0)"},
    {"recursion through string.gsub",
     Ends::script,
     "local function f(s) return (s:gsub('.', f)) end return f('x')"},
    {"recursion through table.sort",
     Ends::script,
     "local function f() table.sort({2, 1}, f) end return f()"},
    {"recursion through coroutines",
     Ends::script,
     "local function f() return coroutine.wrap(f)() end return f()"},
    {"string.find with many `.-`",
     Ends::deadline,
     "return ('a'):rep(30000):find(('.-'):rep(12) .. 'b')"},
    {"string.gmatch with many `a*`",
     Ends::deadline,
     "for _ in ('a'):rep(30000):gmatch(('a*'):rep(12) .. 'b') do end"},
    {"string.gsub callback", Ends::deadline, "('x'):gsub('x', function() while true do end end)"},
    {"string.rep of gigabytes", Ends::memory, "return #('x'):rep(1e9)"},
    {"table.concat of a huge list",
     Ends::memory,
     "local t, s = {}, ('x'):rep(1e6) for i = 1, 1000 do t[i] = s end return #table.concat(t)"},
    {"table.sort with a bad comparator",
     Ends::well,
     "for _ = 1, 10 do local t = {} for i = 1, 500 do t[i] = i * 7 % 101 end "
     "pcall(table.sort, t, function() return true end) end return 'well'"},
    {"endless yield", Ends::script, "while true do coroutine.yield() end"},
    {"error with a table", Ends::script, "error({code = 'script', message = 'x'})"},
    {"error with nil", Ends::script, "error(nil)"},
    {"error with a function", Ends::script, "error(print)"},
    {"os.exit",
     Ends::well,
     "assert(os.exit == nil and os.execute == nil and io == nil and ffi == nil and package == nil "
     "and dofile == nil and debug.sethook == nil) return 'well'"},
};

constexpr std::size_t kCap = 48UL << 20U;

void check_end(const Shape& shape, const Result<std::string>& ended) {
  if (shape.ends == Ends::well) {
    if (!ended) FAIL(ended.error().message);
    CHECK(*ended == "well");
    return;
  }
  REQUIRE_FALSE(ended);
  INFO(ended.error().message);
  const bool timeout = ended.error().code == Errc::timeout;
  const bool memory = ended.error().message.find("not enough memory") != std::string::npos;
  if (shape.ends == Ends::deadline) CHECK(timeout);
  if (shape.ends == Ends::memory) CHECK(memory);
  if (shape.ends == Ends::either) CHECK((timeout || memory));
  if (shape.ends == Ends::script) CHECK(ended.error().code == Errc::script);
}

/// The first cells of the table in docs/limits.md whose row names no other suite.
std::set<std::string> documented() {
  const auto page = read_file(std::filesystem::path(MOONBOX_SOURCE_DIR) / "docs/limits.md");
  REQUIRE(page);
  std::set<std::string> names;
  for (std::size_t at = 0; at < page->size();) {
    const std::size_t end = std::min(page->find('\n', at), page->size());
    const std::string line = page->substr(at, end - at);
    at = end + 1;
    if (!line.starts_with("| ") || line.starts_with("| shape")) continue;
    if (line.find("tests/") != std::string::npos) continue;
    names.insert(line.substr(2, line.find(" |", 2) - 2));
  }
  return names;
}

using Run = Result<std::string> (ScriptFixture::*)(std::string_view, Limits);

void check_shapes(bool trusted, Run run) {
  ScriptFixture lua({.memory_limit = kCap, .trusted = trusted});
  for (const Shape& shape : kShapes) {
    INFO(shape.name);
    // Who is to end by something else has time for it.
    const bool late = shape.ends == Ends::deadline || shape.ends == Ends::either;
    check_end(shape, (lua.*run)(shape.source, {.slice = Milliseconds(late ? 300 : 30'000)}));
    // The VM goes on with the next call.
    const auto next =
        lua.task("local t = {} for i = 1, 1000 do t[i] = {i} end return tostring(#t)");
    if (!next) FAIL(next.error().message);
    CHECK(*next == "1000");
  }
}

}  // namespace

TEST_CASE("script/limits: each runaway shape ends as docs/limits.md says in a task",
          "[script][guard]") {
  if (kGuardWorks) check_shapes(true, &ScriptFixture::task);
}

TEST_CASE("script/limits: the same in a call that may not wait", "[script][guard]") {
  if (kGuardWorks) check_shapes(true, &ScriptFixture::call);
}

TEST_CASE("script/limits: the same in an untrusted VM", "[script][guard]") {
  if (kGuardWorks) check_shapes(false, &ScriptFixture::task);
}

TEST_CASE("script/limits: docs/limits.md and the suite name the same shapes", "[script]") {
  std::set<std::string> tested;
  for (const Shape& shape : kShapes)
    tested.emplace(shape.name);
  CHECK(documented() == tested);
}

}  // namespace engine::script
