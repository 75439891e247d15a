#include "core_fixture.hh"
#include "support/temp_dir.hh"

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

TEST_CASE("bindings/process: whoever may not wait runs no command, unless nobody else waits",
          "[bindings]") {
  const char* run = "return require('engine.process').run({'echo', 'x'}).out";
  CoreFixture pooled;
  CHECK(pooled.call(run).error().message.find("process.run waits") != std::string::npos);
  CoreFixture alone(false);
  CHECK(alone.call(run).value() == "x\n");
}

TEST_CASE("bindings/process: a command ends with the task that waits for it", "[bindings]") {
  const test::TempDir dir;
  const std::string pid_file = (dir.path() / "pid").string();
  CoreFixture lua;
  // `exec`: the number is that of the command itself.
  const auto ended = lua.task(
      "local loop, process = require('engine.loop'), require('engine.process') "
      "local file = require('engine.file') local began = '" +
      pid_file + R"('
    local task = loop.spawn(process.run, {}, { 'sh', '-c', 'echo $$ >"$0.new"; mv "$0.new" "$0"; exec sleep 600', began },
      { timeout = 600 })
    while not file.exists(began) do loop.sleep(0.01) end
    task:cancel()
    local _, err = task:join()
    local proc = '/proc/' .. file.read(began):match('%d+') .. '/cmdline'
    -- What is left of it until it is reaped has no command line.
    while (file.read(proc) or '') ~= '' do loop.sleep(0.01) end
    return err.code)");
  if (!ended) FAIL(ended.error().message);
  CHECK(*ended == "cancelled");
}

}  // namespace engine::bindings
