#include "script_fixture.hh"

using engine::script::ScriptFixture;

TEST_CASE("script/jit: a loop over pairs ends when it has been compiled") {
  ScriptFixture fixture;
  const auto result = fixture.call(R"(
    local function copy(from)
      local to = {}
      for key, value in pairs(from) do to[key] = value end
      return to
    end
    local count = 0
    for round = 1, 5000 do
      for _ in pairs(copy({})) do count = count + 1 end
      for _ in pairs(copy({ a = 1, b = 2, round })) do count = count + 1 end
    end
    return tostring(count))");
  REQUIRE(result);
  CHECK(*result == "15000");
}
