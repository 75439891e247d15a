#include "json/writer.hh"
#include "ns/command.hh"

#include "container_world.hh"
#include <catch2/catch.hpp>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

namespace fs = std::filesystem;
using engine::json::Value;
using engine::json::write;

namespace {

const fs::path kHelloWorld = fs::path(MOONBOX_SOURCE_DIR) / "examples/hello-world/procedures";

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A directory that outlives a world.
class KeptDirectory {
 public:
  KeptDirectory() { REQUIRE(::mkdtemp(path_.data()) != nullptr); }
  KeptDirectory(const KeptDirectory&) = delete;
  KeptDirectory& operator=(const KeptDirectory&) = delete;
  ~KeptDirectory() { fs::remove_all(path_); }
  [[nodiscard]] fs::path path() const { return path_; }

 private:
  std::string path_ = "/tmp/moonbox-kept-XXXXXX";
};

void copy_all(const fs::path& from, const fs::path& to) {
  REQUIRE(engine::ns::run_command({"cp", "-a", (from / ".").string(), to.string()}));
}

std::string last_health(ContainerWorld& world) {
  const auto calls = world.host().calls("set-health");
  return calls.empty() ? "" : calls.back().params.string_or("result", "");
}

std::string page(ContainerWorld& world) {
  return world.eval("return subcontainers.web:run({'wget', '-qO-', 'http://127.0.0.1/'})");
}

std::string pid_of_web(ContainerWorld& world) {
  return world.eval("return system.main:describe().web.pid");
}

void bring_up(ContainerWorld& world) {
  world.call("init", R"({"id":"a","kind":"install"})");
  world.call("start");
  REQUIRE(eventually([&] { return last_health(world) == "success"; }));
}

}  // namespace

TEST_CASE("container/service: hello-world serves its page and reports its health", "[container]") {
  ContainerWorld world(kHelloWorld);
  bring_up(world);
  CHECK(page(world).find("Hello from moonbox!") != std::string::npos);
  const auto health = world.host().calls("set-health").back().params;
  CHECK(health.string_or("id", "") == "web");
  CHECK(health.string_or("name", "") == "Web page");
  CHECK(world.host().calls("action.export").size() == 1);
  CHECK(write(*world.host().calls("action.clear")[0].params.find("except")) ==
        R"(["set-greeting"])");
  CHECK(write(world.call("start")) == "null");
  CHECK(world.host().calls("subcontainer.create-fs").size() == 1);
  CHECK(world.call("status").string_or("main", "") == "running");
}

TEST_CASE("container/service: stop ends the processes and gives the root back", "[container]") {
  ContainerWorld world(kHelloWorld);
  bring_up(world);
  CHECK(write(world.call("stop")) == "null");
  CHECK(world.call("status").string_or("main", "") == "stopped");
  CHECK(world.host().calls("subcontainer.destroy-fs")[0].params.string_or("guid", "") == "GUID1");
  CHECK(write(world.call("stop")) == "null");
  world.call("start");
  REQUIRE(eventually([&] { return page(world).find("Hello") != std::string::npos; }));
  CHECK(world.host().calls("subcontainer.create-fs").size() == 2);
}

TEST_CASE("container/service: a daemon that is killed comes back", "[container]") {
  ContainerWorld world(kHelloWorld);
  bring_up(world);
  const std::string before = pid_of_web(world);
  const auto reports = world.host().calls("set-health").size();
  world.eval("return subcontainers.web:run({'kill', '-9', '2'})");
  REQUIRE(eventually([&] { return world.host().calls("set-health").size() > reports; }));
  const auto crash = world.host().calls("set-health")[reports].params;
  CHECK(crash.string_or("result", "") == "failure");
  CHECK(crash.string_or("message", "").find("web crashed") == 0);
  REQUIRE(eventually([&] { return last_health(world) == "success"; }));
  CHECK(pid_of_web(world) != before);
  CHECK(page(world).find("Hello") != std::string::npos);
}

TEST_CASE("container/service: the action's form, its check and its effect on the page",
          "[container]") {
  ContainerWorld world(kHelloWorld);
  bring_up(world);
  const Value form = world.call(
      "execute",
      R"({"id":"f","procedure":"/actions/set-greeting/getInput","input":{"prefill":null}})");
  CHECK(form.string_or("eventId", "") == "f");
  CHECK(write(*form.find("value")) == R"({"greeting":"Hello from moonbox!"})");
  CHECK(form.find("spec")->find("greeting")->integer_or("maxLength", 0) == 200);
  const Value refused = world.error(
      "execute", R"({"id":"r","procedure":"/actions/set-greeting/run","input":{"input":{}}})");
  CHECK(refused.integer_or("code", 0) == 4);
  CHECK(refused.find("data")->string_or("details", "") == "greeting: is required");
  const Value done = world.call(
      "execute",
      R"({"id":"s","procedure":"/actions/set-greeting/run","input":{"input":{"greeting":"Moin"}}})");
  CHECK(done.string_or("title", "") == "Greeting set");
  CHECK(page(world).find("<h1>Moin</h1>") != std::string::npos);
}

TEST_CASE("container/service: a backup holds the volume, a restore gives the same bytes",
          "[container]") {
  const std::string bytes = std::string("\0\x01\xff greeting", 12) + std::string(100'000, 'z');
  const KeptDirectory kept;
  {
    ContainerWorld world(kHelloWorld);
    world.call("init", R"({"id":"a","kind":"install"})");
    const auto volume = world.inside("media/startos/volumes/main");
    std::ofstream(volume / "blob") << bytes;
    ::chown((volume / "blob").c_str(), 100'007, 100'008);
    ::chmod((volume / "blob").c_str(), 0640);
    fs::create_symlink("blob", volume / "link");
    CHECK(write(world.call("execute", R"({"id":"b","procedure":"/backup/create","input":null})")) ==
          "null");
    const auto backup = world.inside("media/startos/backup");
    CHECK(text_of(backup / "dataVersion.txt") == "1.0.0:0\n");
    CHECK(text_of(backup / "volumes/main/blob") == bytes);

    // The restored service: the same backup, an empty volume, a fresh init.
    fs::remove_all(volume / "blob");
    std::ofstream(volume / "damage") << "x";
    world.call("exit", R"({"id":"e","target":"1.0.0:0"})");
    world.wait_exit();
    copy_all(backup, kept.path());
  }
  {
    ContainerWorld world(kHelloWorld);
    copy_all(kept.path(), world.inside("media/startos/backup"));
    world.call("init", R"({"id":"r","kind":"restore"})");
    const auto volume = world.inside("media/startos/volumes/main");
    CHECK(text_of(volume / "blob") == bytes);
    struct stat status {};
    REQUIRE(::stat((volume / "blob").c_str(), &status) == 0);
    CHECK(status.st_uid == 100'007);
    CHECK(status.st_gid == 100'008);
    CHECK((status.st_mode & 07777U) == 0640);
    CHECK(fs::read_symlink(volume / "link") == "blob");
    CHECK(text_of(volume / "greeting.txt") == "Hello from moonbox!");
    CHECK_FALSE(fs::exists(volume / "damage"));
    CHECK(world.host().calls("set-data-version")[0].params.string_or("version", "") == "1.0.0:0");
  }
}

TEST_CASE("container/service: output of daemons is in the service's log", "[container]") {
  ContainerWorld world(kHelloWorld);
  bring_up(world);
  page(world);
  const auto log = world.inside("media/startos/logs/service.log");
  REQUIRE(eventually([&] { return text_of(log).find("response:200") != std::string::npos; }));
  const std::string text = text_of(log);
  CHECK(text.find(R"("subcontainer":"web","daemon":"web","stream":"stderr","message":")") !=
        std::string::npos);
  CHECK(text.find(R"({"time":"20)") == 0);
}

TEST_CASE("container/service: a soft reload takes the new code and keeps the process",
          "[container]") {
  ContainerWorld world(kHelloWorld);
  bring_up(world);
  const std::string before = pid_of_web(world);
  world.write_package("greeting.lua", "return { read = function() return 'new code' end }");
  CHECK(write(world.call("reload", R"({"mode":"soft"})")) == "null");
  CHECK(world.eval("require('greeting').read()") == "\"new code\"");
  CHECK(pid_of_web(world) == before);
  world.write_package("greeting.lua", "return {");
  CHECK(world.error("reload").find("data")->string_or("kind", "") == "script");
  CHECK(world.eval("require('greeting').read()") == "\"new code\"");
}

TEST_CASE("container/service: orphans are reaped and groups removed", "[container]") {
  ContainerWorld world(kHelloWorld);
  bring_up(world);
  for (int i = 0; i < 5; ++i) {
    CHECK(world.eval("return subcontainers.web:run('(sleep 0.05 &) ; echo started')") ==
          "\"started\\n\"");
  }
  REQUIRE(eventually([&] {
    std::string states;
    for (const auto& entry : fs::directory_iterator("/proc")) {
      std::ifstream file(entry.path() / "stat");
      std::string line;
      std::getline(file, line);
      const auto end = line.rfind(')');
      if (end == std::string::npos) continue;
      const std::string parent = " Z " + std::to_string(world.pid()) + " ";
      if (line.compare(end + 1, parent.size(), parent) == 0) states += line;
    }
    return states.empty();
  }));
}

TEST_CASE("container/service: a subcontainer is unprivileged and cannot see the sockets",
          "[container]") {
  ContainerWorld world(kHelloWorld);
  bring_up(world);
  CHECK(world.eval("return subcontainers.web:exec('ls /media/startos/rpc').code ~= 0") == "true");
  CHECK(world.eval("return subcontainers.web:exec('id', { user = 'web' }).out:match('uid=%d+')") ==
        "\"uid=1000\"");
  const auto real = world.inside("media/startos/volumes/main/owner");
  world.eval("return subcontainers.web:run('echo x > /data/owner')");
  struct stat status {};
  REQUIRE(::stat(real.c_str(), &status) == 0);
  CHECK(status.st_uid == 100'000);
}

TEST_CASE("container/service: stop during start cancels it and cleans up", "[container]") {
  ContainerWorld world(std::map<std::string, std::string>{{"init.lua", R"(
    local sdk = require('moonbox')
    return { main = function(args)
      local sub = sdk.subcontainer(args.effects, { image = 'main' })
      sub:ensure()
      sdk.sleep(60)
      return sdk.daemons()
    end })"}});
  world.call("init", R"({"id":"a","kind":null})");
  const auto starting = world.send("start", "{}");
  REQUIRE(eventually([&] { return world.host().calls("subcontainer.create-fs").size() == 1; }));
  CHECK(write(world.call("stop")) == "null");
  CHECK(world.receive(starting.get()).find("error")->integer_or("code", 0) == 73);
  CHECK(world.call("status").string_or("main", "") == "stopped");
  CHECK(world.host().calls("subcontainer.destroy-fs").size() == 1);
}

TEST_CASE("container/service: entries wait for what they require", "[container]") {
  ContainerWorld world(std::map<std::string, std::string>{{"init.lua", R"(
    local sdk = require('moonbox')
    return { main = function(args)
      local sub = sdk.subcontainer(args.effects, { image = 'main', mounts = {
        { volume = 'main', path = '/data' } } })
      return sdk.daemons()
        :oneshot('prepare', { subcontainer = sub,
          exec = { command = 'sleep 0.1; echo one >> /data/order' } })
        :daemon('late', { subcontainer = sub, requires = { 'prepare' },
          exec = { command = 'echo two >> /data/order; trap "echo term >> /data/order; exit" TERM;'
            .. ' while true; do sleep 0.05; done' },
          ready = { display = 'Late' } })
    end })"}});
  world.call("init", R"({"id":"a","kind":null})");
  world.call("start");
  REQUIRE(eventually([&] { return last_health(world) == "success"; }));
  CHECK(world.host().calls("set-health")[0].params.string_or("result", "") == "waiting");
  const auto order = world.inside("media/startos/volumes/main/order");
  REQUIRE(eventually([&] { return text_of(order) == "one\ntwo\n"; }));
  world.call("stop");
  CHECK(text_of(order) == "one\ntwo\nterm\n");
}
