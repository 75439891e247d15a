#include "base/file.hh"

#include "core_fixture.hh"
#include "support/temp_dir.hh"

namespace engine::bindings {
namespace {

class Package {
 public:
  void write(const std::string& name, std::string_view source) const {
    const auto path = dir_.path() / name;
    std::filesystem::create_directories(path.parent_path());
    REQUIRE(write_file_atomic(path, source));
  }
  /// A script with `tree`, the package, as a local.
  [[nodiscard]] std::string with_tree(const std::string& body,
                                      const std::string& options = "{}") const {
    return "local module = require('engine.module') local tree, err = module.tree('" +
           dir_.path().string() + "', " + options + ") " + body;
  }

 private:
  test::TempDir dir_;
};

}  // namespace

TEST_CASE("bindings/module: a tree has a cache, globals and a require of its own", "[bindings]") {
  const Package package;
  package.write("init.lua", "local p = require('procedures.main')\nreturn {p = p, who = who}");
  package.write("procedures/main.lua", "return {greet = function() return 'hi ' .. who end}");
  CoreFixture lua;
  const std::string body = package.with_tree(
      "local m = tree:require('init', {who = 'you'}) "
      "assert(tree:require('procedures.main') == m.p) return m.p.greet() .. m.who .. "
      "#tree:files()");
  CHECK(lua.task(body).value() == "hi youyou2");
  CHECK(lua.call(body).value() == "hi youyou2");
}

TEST_CASE("bindings/module: a tree reaches only what it is allowed", "[bindings]") {
  const Package package;
  package.write("init.lua",
                "return {pcall(require, 'engine.json'), pcall(require, 'engine.file')}");
  package.write("sdk.lua", "return require('moonbox').name");
  package.write("missing.lua", "\nreturn {require('nothing.here')}");
  package.write("tail.lua", "return require('nothing.here')");
  CoreFixture lua;
  CHECK(lua.task(package.with_tree("local t = tree:require('init') return tostring(t[1]) .. "
                                   "tostring(t[2])",
                                   "{allow = {'engine.json'}}"))
            .value() == "truefalse");
  CHECK(lua.task(package.with_tree("return tree:require('sdk')",
                                   "{provide = {moonbox = {name = 'm'}}}"))
            .value() == "m");
  const auto failed = lua.task(package.with_tree("return tree:require('missing')"));
  REQUIRE_FALSE(failed);
  CHECK(failed.error().message.starts_with("missing.lua:2: module 'nothing.here' not found"));
  // A tail call leaves no line behind.
  CHECK(lua.task(package.with_tree("return {tree:require('tail')}"))
            .error()
            .message.starts_with("tail.lua: module 'nothing.here' not found"));
}

TEST_CASE("bindings/module: failures name file and line", "[bindings]") {
  const Package package;
  CoreFixture lua;
  package.write("init.lua", "local x = 1\nerror('broken')\n");
  CHECK(lua.task(package.with_tree("return tree:require('init')")).error().message ==
        "init.lua:2: broken");
  package.write("init.lua", "local a = require('a')\nreturn a");
  package.write("a.lua", "return {require('init')}");
  CHECK(lua.task(package.with_tree("return tree:require('init')")).error().message ==
        "a.lua:1: module cycle: init → a → init");
  package.write("bad.lua", "local x = 1\nlocal = 2\n");
  CHECK(lua.task(package.with_tree("return err.code .. ' ' .. err.message .. err.details.line"))
            .value()
            .starts_with("script bad.lua:2:"));
}

TEST_CASE("bindings/module: a package's globals are its own", "[bindings]") {
  const Package package;
  package.write("init.lua",
                "shared = (shared or 0) + 1\nreturn {shared = shared, string = string}");
  CoreFixture lua;
  CHECK(lua.task(package.with_tree(
                     "local m = tree:require('init') return m.shared == 1 and m.string == "
                     "string and rawget(_G, 'shared') == nil"))
            .value() == "true");
}

TEST_CASE("bindings/module: an unused tree is collected with its modules", "[bindings]") {
  const Package package;
  package.write("init.lua", "return {require = require}");
  CoreFixture lua;
  CHECK(lua.task(package.with_tree("tree:require('init') tree, err = nil, nil collectgarbage() "
                                   "collectgarbage() return 'ok'"))
            .value() == "ok");
  CHECK(script::live().objects == 0);
}

TEST_CASE("bindings/module: eval takes expressions and chunks, in any environment", "[bindings]") {
  CoreFixture lua;
  const auto run = [&](const std::string& body) {
    return lua.call("local module = require('engine.module') " + body).value();
  };
  CHECK(run("return module.eval('1 + 1')()") == "2");
  CHECK(run("return module.eval('x = y return x', {y = 3})()") == "3");
  CHECK(run("local f, e = module.eval('1 +', nil, 'prompt') return e.code .. e.message")
            .starts_with("scriptprompt:1:"));
  CHECK(run("local f, e = module.eval('\\27LJ') return e.code") == "script");
}

}  // namespace engine::bindings
