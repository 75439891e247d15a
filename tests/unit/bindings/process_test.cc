#include "core_fixture.hh"

namespace engine::bindings {

TEST_CASE("bindings/process: runs a command with input, directory and environment", "[bindings]") {
  CoreFixture lua;
  const auto run = [&](const std::string& body) {
    const auto result = lua.task("local process = require('engine.process') " + body);
    return result ? *result : result.error().message;
  };
  CHECK(
      run("local r = assert(process.run({'sh', '-c', 'cat; echo $WORD; pwd; echo bad >&2; exit "
          "3'}, "
          "{stdin = 'in ', env = {WORD = 'word'}, cwd = '/'})) return r.out .. r.err .. r.code") ==
      "in word\n/\nbad\n3");
  CHECK(run("local r, e = process.run({'/nonexistent/program'}) return e.code") == "not_found");
  CHECK(run("local r, e = process.run({'sleep', '60'}, {timeout = 0.05}) return e.code") ==
        "timeout");
  CHECK(run("return process.run({'sh', '-c', 'kill -9 $$'}).signal") == "9");
  CHECK(run("return process.run({'sh', '-c', 'echo ${HOME-none}'}, {env = {HOME = false}}).out") ==
        "none\n");
  CHECK(run("return (pcall(process.run, {}))") == "false");
}

}  // namespace engine::bindings
