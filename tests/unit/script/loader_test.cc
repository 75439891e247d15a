#include "base/file.hh"

#include "script_fixture.hh"
#include "support/temp_dir.hh"
#include <fmt/format.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <optional>
#include <thread>

namespace engine::script {
namespace {

class Scripts {
 public:
  void write(const std::string& name, std::string_view source) const {
    const auto path = dir_.path() / name;
    std::filesystem::create_directories(path.parent_path());
    REQUIRE(write_file_atomic(path, source));
  }
  [[nodiscard]] Result<std::shared_ptr<const Snapshot>> read(
      const Snapshot* before = nullptr) const {
    return Snapshot::read({dir_.path() / "overlay", dir_.path() / "shipped"}, before);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return dir_.path(); }

 private:
  test::TempDir dir_;
};

}  // namespace

TEST_CASE("script/snapshot: an earlier root hides a file, specs and hidden files are left out",
          "[script]") {
  const Scripts scripts;
  scripts.write("shipped/core/echo.lua", "return 'shipped'");
  scripts.write("shipped/lib/rpc/init.lua", "return 'rpc'");
  scripts.write("shipped/lib/rpc/init_spec.lua", "syntax error");
  scripts.write("shipped/.hidden.lua", "syntax error");
  scripts.write("shipped/readme.md", "syntax error");
  const auto before = scripts.read().value();
  CHECK(before->files().size() == 2);
  CHECK(before->find("core.echo")->name == "core/echo.lua");
  CHECK(before->find("lib.rpc")->name == "lib/rpc/init.lua");
  CHECK(before->find_by_name("lib/rpc/init.lua") == before->find("lib.rpc"));
  CHECK(before->find_by_name("lib/rpc.lua") == nullptr);
  scripts.write("overlay/core/echo.lua", "return 'overlay'");
  const auto after = scripts.read().value();
  CHECK(after->find("core.echo")->source == "return 'overlay'");
  CHECK(after->fingerprint() != before->fingerprint());
  CHECK(scripts.read().value()->fingerprint() == after->fingerprint());
}

TEST_CASE("script/snapshot: what is as it was is shared with the snapshot before", "[script]") {
  const Scripts scripts;
  scripts.write("shipped/core/echo.lua", "return 'shipped'");
  scripts.write("shipped/core/same.lua", "return 'same'");
  const auto before = scripts.read().value();
  CHECK(scripts.read().value()->find("core.same") != before->find("core.same"));
  scripts.write("shipped/core/echo.lua", "return 'changed'");
  const auto changed = scripts.read(before.get()).value();
  CHECK(changed->find("core.same") == before->find("core.same"));
  CHECK(changed->find("core.echo") != before->find("core.echo"));
  CHECK(before->find("core.echo")->source == "return 'shipped'");
  CHECK(changed->fingerprint() == scripts.read().value()->fingerprint());
  CHECK(diff(*before, *changed).changed == std::vector<std::string>{"core/echo.lua"});
  // Equal words of another file: tracebacks and listings name where it lies.
  scripts.write("overlay/core/same.lua", "return 'same'");
  const auto overlaid = scripts.read(changed.get()).value();
  CHECK(overlaid->find("core.same")->path == scripts.path() / "overlay/core/same.lua");
  CHECK(overlaid->find("core.echo") == changed->find("core.echo"));
}

TEST_CASE("script/snapshot: a file that does not compile is named with its line", "[script]") {
  const Scripts scripts;
  scripts.write("shipped/core/bad.lua", "local x = 1\nlocal y = = 2\n");
  const auto failed = scripts.read();
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == Errc::script);
  CHECK(failed.error().message.starts_with("core/bad.lua:2: "));
  const auto info = json::parse(failed.error().info).value();
  CHECK(info.string_or("file", "") == (scripts.path() / "shipped/core/bad.lua").string());
  CHECK(info.integer_or("line", 0) == 2);
}

TEST_CASE("script/snapshot: what has the name of a script and is no file is refused by name",
          "[script]") {
  namespace fs = std::filesystem;
  const Scripts scripts;
  scripts.write("shipped/core/echo.lua", "return 'shipped'");
  scripts.write("overlay/.git/hooks.lua", "syntax error");
  REQUIRE(scripts.read());
  const auto path = scripts.path() / "overlay/core/echo.lua";
  fs::create_directories(path.parent_path());
  const auto refused_as = [&](std::string_view what) {
    for (const auto& failed :
         {scripts.read().map([](const auto&) { return true; }),
          Snapshot::index({scripts.path() / "overlay"}).map([](const auto&) { return true; })}) {
      REQUIRE_FALSE(failed);
      CHECK(failed.error().code == Errc::script);
      CHECK(failed.error().message ==
            fmt::format("core/echo.lua: a script is a file, this is {}", what));
    }
    fs::remove_all(path);
  };
  fs::create_directory(path);
  refused_as("a folder");
  fs::create_symlink("echo.lua", path);
  refused_as("a link that leads nowhere");
  fs::create_symlink("not_there.lua", path);
  refused_as("a link to a file that is not there");
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  refused_as("a device, pipe or socket");
  fs::create_symlink(scripts.path() / "shipped/core/echo.lua", path);
  CHECK(scripts.read().value()->find("core.echo")->path == path);
}

TEST_CASE("script/snapshot: a file that goes while its folder is read is not there", "[script]") {
  const Scripts scripts;
  std::atomic<bool> done = false;
  std::thread editor([&] {
    const auto path = scripts.path() / "overlay/core/echo.lua";
    std::filesystem::create_directories(path.parent_path());
    while (!done) {
      std::ofstream(path) << "return 1";
      std::filesystem::remove(path);
    }
  });
  std::optional<Error> refused;
  for (int i = 0; i < 3'000 && !refused; ++i) {
    if (const auto read = scripts.read(); !read) refused = read.error();
  }
  done = true;
  editor.join();
  CHECK((refused ? refused->message : "") == "");
}

TEST_CASE("script/snapshot: compiled Lua is refused by name", "[script]") {
  const Scripts scripts;
  scripts.write("shipped/core/echo.lua", "\x1bLJ\x02");
  const auto failed = scripts.read();
  REQUIRE_FALSE(failed);
  CHECK(failed.error().message == "core/echo.lua:1: this is compiled Lua; scripts are text");
}

TEST_CASE("script/snapshot: two files of one module are refused", "[script]") {
  const Scripts scripts;
  scripts.write("shipped/lib/rpc.lua", "return 1");
  scripts.write("shipped/lib/rpc/init.lua", "return 2");
  const auto failed = scripts.read();
  REQUIRE_FALSE(failed);
  CHECK(failed.error().message.find("'lib.rpc'") != std::string::npos);
}

TEST_CASE("script/loader: require finds modules once, traces in the author's files", "[script]") {
  const Scripts scripts;
  scripts.write("shipped/core/echo.lua",
                "local lib = require('lib.text')\nlocal M = {}\nfunction M.fail()\n  lib.fail()\n"
                "  return 1\nend\nreturn M\n");
  scripts.write("shipped/lib/text/init.lua",
                "local M = {}\nfunction M.fail() error('broken') end\nreturn M\n");
  for (const bool trusted : {true, false}) {
    ScriptFixture lua({.trusted = trusted, .scripts = scripts.read().value()});
    CHECK(lua.call("return require('core.echo') == require('core.echo')").value() == "true");
    const auto failed = lua.task("require('core.echo').fail() return 1");
    REQUIRE_FALSE(failed);
    CHECK(failed.error().message == "lib/text/init.lua:2: broken");
    CHECK(failed.error().debug.find("core/echo.lua:4: in function 'fail'") != std::string::npos);
    CHECK(lua.vm->require("lib.text"));
  }
}

TEST_CASE("script/loader: a missing module says what was looked for, and where it was asked",
          "[script]") {
  const Scripts scripts;
  scripts.write("shipped/core/a.lua", "\nlocal x = require('lib.nothing')\nreturn x\n");
  ScriptFixture lua({.scripts = scripts.read().value()},
                    {{"engine.x", [](lua_State*) { return 0; }}});
  const auto failed = lua.vm->require("core.a");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().message ==
        "core/a.lua:2: module 'lib.nothing' not found: no lib/nothing.lua and no "
        "lib/nothing/init.lua among the scripts");
  const auto engine = lua.vm->require("engine.store");
  REQUIRE_FALSE(engine);
  CHECK(engine.error().message ==
        "module 'engine.store' is not offered by this program (it offers engine.x)");
}

TEST_CASE("script/loader: a cycle is named, and is no cycle once mended", "[script]") {
  const Scripts scripts;
  scripts.write("shipped/core/a.lua", "return {require('core.b')}");
  scripts.write("shipped/core/b.lua", "return {require('core.c')}");
  scripts.write("shipped/core/c.lua", "return {require('core.b')}");
  ScriptFixture lua({.scripts = scripts.read().value()});
  for (int i = 0; i < 2; ++i) {
    const auto failed = lua.vm->require("core.a");
    REQUIRE_FALSE(failed);
    CHECK(failed.error().message == "core/c.lua:1: module cycle: core.b → core.c → core.b");
  }
}

TEST_CASE("script/loader: a module that fails is tried again", "[script]") {
  const Scripts scripts;
  scripts.write("shipped/core/a.lua", "error({code = 'conflict', message = 'not yet'})");
  ScriptFixture lua({.scripts = scripts.read().value()});
  for (int i = 0; i < 2; ++i) {
    const auto failed = lua.vm->require("core.a");
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == Errc::conflict);
  }
}

TEST_CASE("script/loader: a module body that runs away is stopped", "[script]") {
  if (!kGuardWorks) return;
  const Scripts scripts;
  scripts.write("shipped/core/a.lua", "while true do end");
  ScriptFixture lua({.scripts = scripts.read().value()});
  CHECK(lua.vm->require("core.a", {.slice = Milliseconds(20)}).error().code == Errc::timeout);
}

}  // namespace engine::script
