#include "core_fixture.hh"
#include "support/temp_dir.hh"

namespace engine::bindings {

TEST_CASE("bindings/file: reads, writes, lists and removes, with and without a pool",
          "[bindings]") {
  for (const bool pooled : {true, false}) {
    const test::TempDir dir;
    CoreFixture lua(pooled);
    const auto result = lua.task("local dir = '" + dir.path().string() + R"('
      local file = require('engine.file')
      assert(file.mkdir(dir .. '/a/b/c/') and file.mkdir(dir .. '/a/b'))
      assert(file.write(dir .. '/a/x', 'one', 384))
      assert(file.append(dir .. '/a/x', ' two'))
      assert(file.read(dir .. '/a/x') == 'one two')
      assert(file.symlink('round', dir .. '/round'))
      local _, e0 = file.mkdir(dir .. '/round')
      assert(e0.code == 'filesystem' or e0.code == 'duplicate', e0.code)
      local stat = file.stat(dir .. '/a/x')
      assert(stat.type == 'file' and stat.size == 7 and stat.mode == 384 and stat.mtime > 1.6e9)
      assert(file.chmod(dir .. '/a/x', 420) and file.stat(dir .. '/a/x').mode == 420)
      assert(file.symlink('x', dir .. '/a/link'))
      local link = file.stat(dir .. '/a/link')
      assert(link.type == 'symlink' and link.target == 'x')
      assert(file.stat(dir .. '/a/link', {follow = true}).type == 'file')
      local names = {}
      for i, entry in ipairs(file.list(dir .. '/a')) do names[i] = entry.name .. ':' .. entry.type end
      assert(table.concat(names, ' ') == 'b:directory link:symlink x:file')
      local done = file.copy_tree(dir .. '/a', dir .. '/copy')
      assert(file.read(dir .. '/copy/x') == 'one two' and done.files >= 1)
      assert(file.rename(dir .. '/a/x', dir .. '/a/y') and not file.exists(dir .. '/a/x'))
      local _, e1 = file.read(dir .. '/a/x')
      local _, e2 = file.remove(dir .. '/a')
      local _, e3 = file.read(dir .. '/a/y', {max = 3})
      assert(file.remove(dir .. '/a', {recursive = true}))
      local _, e4 = file.remove(dir .. '/a')
      return e1.code .. ' ' .. tostring(e2 ~= nil) .. ' ' .. e3.code .. ' ' .. e4.code)");
    if (!result) FAIL(result.error().message << "\n" << result.error().debug);
    CHECK(*result == "not_found true filesystem not_found");
  }
}

TEST_CASE("bindings/file: works at once outside a task", "[bindings]") {
  const test::TempDir dir;
  CoreFixture lua;
  CHECK(lua.call("local file = require('engine.file') local p = '" + dir.path().string() +
                 "/x' file.write(p, 'y') return file.read(p)")
            .value() == "y");
}

TEST_CASE("bindings/file: a path with NUL raises", "[bindings]") {
  CoreFixture lua;
  CHECK(lua.call("return pcall(require('engine.file').read, '/etc/passwd\\0x')").value() ==
        "false");
}

}  // namespace engine::bindings
