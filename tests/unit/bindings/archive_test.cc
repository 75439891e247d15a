#include "base/file.hh"
#include "bindings/modules.hh"
#include "loop/offload.hh"

#include "unit/script/script_fixture.hh"
#include <catch2/catch.hpp>
#include <stdlib.h>

#include <filesystem>

namespace engine::bindings {
namespace {

/// A VM with both modules, an offload pool, and a directory of its own; scripts find them as the
/// globals `dir` and `vectors`.
class ArchiveFixture : public script::ScriptFixture {
 public:
  ArchiveFixture()
      : ScriptFixture({}, {{"engine.archive", open_archive}, {"engine.crypto", open_crypto}}) {
    services.add(pool);
    std::string name = "/tmp/archive_binding.XXXXXX";
    directory = ::mkdtemp(name.data());
  }
  ~ArchiveFixture() { std::filesystem::remove_all(directory); }

  /// Runs `body` in a task with everything at hand.
  Result<std::string> run(const std::string& body) {
    return task(
        "local archive, crypto = require('engine.archive'), require('engine.crypto')\n"
        "local dir = '" +
        directory.string() +
        "/'\n"
        "local vectors = '" MOONBOX_SOURCE_DIR "/tests/data/s9pk/'\n" +
        body);
  }

  loop::OffloadPool pool{2};
  std::filesystem::path directory;
};

}  // namespace

TEST_CASE("bindings/archive: opens, lists, reads and verifies", "[bindings]") {
  ArchiveFixture lua;
  CHECK(lua.run(R"(
    local p = assert(archive.open(vectors .. 'valid/09-package.s9pk'))
    assert(p:manifest().id == 'demo-app')
    assert(p:signer():find('BEGIN PUBLIC KEY'))
    local c = p:commitment()
    assert(#c.rootSighash == 43 and #c.rootSighashHex == 64 and c.rootMaxsize == 515)
    local list = assert(p:list())
    assert(#list == 22 and list[1].path == 'LICENSE.md' and list[1].type == 'file')
    assert(#assert(p:list('images/x86_64')) == 6)
    assert(p:read('LICENSE.md'):len() == 12)
    local calls = 0
    local report = assert(p:verify({ commitment = c, progress = function(done, total)
      calls = calls + 1
      assert(done <= total)
    end }))
    assert(calls > 0 and report.files == 17 and #report.warnings == 0)
    p:close()
    p:close()
    assert(not pcall(p.commitment, p))
    return 'ok'
  )")
            .value_or("failed") == "ok");
}

TEST_CASE("bindings/archive: errors say kind, place and stage", "[bindings]") {
  ArchiveFixture lua;
  CHECK(lua.run(R"(
    local function refused(stage, nothing, err)
      assert(nothing == nil and err.details.stage == stage, err and err.message)
      assert(#err.message > 0 and #err.hint > 0)
    end
    refused('header', archive.open(vectors .. 'invalid/c-magic-bit.s9pk'))
    refused('signature', archive.open(vectors .. 'invalid/c-sig-S-bit.s9pk'))
    refused('table', archive.open(vectors .. 'invalid/c-toc-hash-bit.s9pk'))
    local good = vectors .. 'valid/21-base.s9pk'
    refused('commitment', archive.open(good, { commitment = ('ab'):rep(32) }))
    local p = assert(archive.open(vectors .. 'invalid/c-file-last-bit.s9pk'))
    refused('file', p:read('a/b/c.txt'))
    refused('file', p:extract('a/b/c.txt', dir .. 'out'))
    refused('file', p:verify({ level = 'archive' }))
    local _, err = archive.open(dir .. 'nothing')
    assert(err.code == 'not_found' or err.code == 'filesystem', err.code)
    _, err = p:verify({ level = 'wrong' })
    assert(err.code == 'invalid_params')
    return 'ok'
  )")
            .value_or("failed") == "ok");
  CHECK(std::filesystem::is_empty(lua.directory));
}

TEST_CASE("bindings/archive: writes a package that passes, with keys made here", "[bindings]") {
  ArchiveFixture lua;
  REQUIRE(write_file_atomic(lua.directory / "large", std::string(5'000'000, 'x')));
  const auto done = lua.run(R"(
    local public = assert(crypto.keygen(dir .. 'key'))
    assert(crypto.keygen(dir .. 'key') == nil)
    local made = assert(archive.write({
      output = dir .. 'new.s9pk',
      entries = {
        { path = 'manifest.json', data = '{"id":"new"}' },
        { path = 'lua.squashfs', file = dir .. 'large' },
        { path = 'assets' },
      },
    }))
    assert(not archive.open(dir .. 'new.s9pk'))
    local message = crypto.from_hex(made.rootSighashHex)
      .. ('\0'):rep(6) .. string.char(math.floor(made.rootMaxsize / 256), made.rootMaxsize % 256)
    local signature, signer = assert(crypto.sign({ path = dir .. 'key' }, 's9pk', message))
    assert(signer == public and archive.seal(dir .. 'new.s9pk', signer, signature))
    local p = assert(archive.open(dir .. 'new.s9pk', { commitment = made.rootSighash }))
    assert(p:signer() == public)
    assert(p:extract('lua.squashfs', dir .. 'copy', { mode = 384 }))
    assert(crypto.blake3_file(dir .. 'copy') == crypto.blake3_file(dir .. 'large'))
    assert(p:verify({ level = 'open' }).bytes == 5000012)
    local _, err = archive.write({ output = dir .. 'x',
      entries = { { path = '../x', data = '' } } })
    assert(err.code == 'pack')
    return 'ok'
  )");
  if (!done) FAIL(done.error().message);
  CHECK(*done == "ok");
}

TEST_CASE("bindings/archive: a cancelled task stops the work", "[bindings]") {
  ArchiveFixture lua;
  auto function = lua.compile("local p = assert(require('engine.archive').open('" MOONBOX_SOURCE_DIR
                              "/tests/data/s9pk/valid/08-large-file.s9pk')) "
                              "local ok, err = p:verify({level = 'archive'}) return err.code");
  std::optional<Result<std::string>> result;
  const auto task = lua.vm->spawn(function, {}, {}, [&](script::Outcome outcome) {
    result = script::ScriptFixture::text_of(outcome);
  });
  lua.vm->cancel(task);
  lua.run_until([&] { return result.has_value(); });
  CHECK_FALSE(result->has_value());  // the open is cancelled: assert raises
}

TEST_CASE("bindings/crypto: hashes, guids and secrets", "[bindings]") {
  ArchiveFixture lua;
  CHECK(lua.run(R"(
    assert(crypto.blake3('hello world') ==
      'd74981efa70a0c880b8d8c1985d075dbcbf679b99a5f9914e5aaf96b831a9e24')
    assert(crypto.sha256('abc') ==
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
    assert(#crypto.guid() == 32 and crypto.guid() ~= crypto.guid())
    assert(#crypto.random(100) == 100)
    assert(not pcall(crypto.random, -1))
    assert(crypto.equal('a', 'a') and not crypto.equal('a', 'b'))
    return 'ok'
  )")
            .value_or("failed") == "ok");
}

}  // namespace engine::bindings
