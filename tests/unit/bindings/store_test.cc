#include "store/store.hh"

#include "bindings/modules.hh"

#include "unit/script/script_fixture.hh"
#include <catch2/catch.hpp>
#include <stdlib.h>

#include <filesystem>
#include <optional>
#include <thread>

namespace engine::bindings {
namespace {

/// Somebody else who changes `/n` from another thread while a closure runs.
struct Rival {
  store::Store* store = nullptr;
  int changes = 0;
};
Rival rival;

int rival_change(lua_State*) {
  ++rival.changes;
  std::thread([] {
    (void)rival.store->mutate([](store::Mutation& mutation) {
      return mutation.put(*json::Pointer::parse("/n"), std::to_string(rival.changes));
    });
  }).join();
  return 0;
}

int open_rival(lua_State* state) {
  lua_newtable(state);
  lua_pushcfunction(state, rival_change);
  lua_setfield(state, -2, "change");
  return 1;
}

/// A VM with `engine.store` over a store of its own.
class StoreFixture {
 public:
  StoreFixture() {
    std::string name = "/tmp/store_binding.XXXXXX";
    directory = ::mkdtemp(name.data());
    auto opened = store::Store::open(directory);
    REQUIRE(opened);
    lua.emplace(
        script::Vm::Options{},
        std::vector<script::Module>{
            {"engine.store", open_store}, {"engine.json", open_json}, {"test.rival", open_rival}});
    store = std::move(*opened);
    lua->services.add(*store);
  }
  StoreFixture(const StoreFixture&) = delete;
  StoreFixture& operator=(const StoreFixture&) = delete;
  ~StoreFixture() {
    lua.reset();
    store.reset();
    std::filesystem::remove_all(directory);
  }

  /// Runs `body` in a task; its first result as text, or how it failed.
  std::string run(const std::string& body) {
    const auto result = lua->task(
        "local store, json = require('engine.store'), require('engine.json')\n"
        "local function code(v, err) return v == nil and err.code or 'no error' end\n" +
        body);
    return result ? *result : "ERROR " + result.error().message;
  }

  std::unique_ptr<store::Store> store;
  std::optional<script::ScriptFixture> lua;
  std::filesystem::path directory;
};

}  // namespace

TEST_CASE("bindings/store: puts, reads and names what happened", "[bindings]") {
  StoreFixture f;
  CHECK(f.run(R"(
    local first = assert(store.put('/a', { x = 1, list = {1, 2}, none = json.null }))
    local second = assert(store.put('/a/x', 1))
    assert(first.changed and first.revision == 1)
    assert(not second.changed and second.revision == 1)
    assert(store.get('/a/list')[2] == 2)
    assert(store.get('/a/none') == json.null)
    assert(store.exists('/a/none') and store.exists('/b') == false)
    assert(table.concat(store.keys('/a'), ',') == 'list,none,x')
    assert(store.head() == 1 and #store.id() == 32)
    return tostring(store.raw('/a'))
  )") == R"({"list":[1,2],"none":null,"x":1})");
  CHECK(f.run("return code(store.get('/nothing'))") == "not_found");
  CHECK(f.run("return code(store.get('nothing'))") == "invalid_params");
  CHECK(f.run("return code(store.put('/no/parent', 1))") == "not_found");
  CHECK(f.run("return code(store.put('/bad', '\\255'))") == "utf8");
}

TEST_CASE("bindings/store: raw values cross unchanged", "[bindings]") {
  StoreFixture f;
  CHECK(f.run(R"(
    assert(store.put('/n', 1))
    assert(store.apply({{ op = 'copy', from = '/n', path = '/m' }}))
    local db = store.peek()
    local value = db:raw('')
    db:close()
    assert(store.put('/copy', value))
    return tostring(store.raw('/copy'))
  )") == R"({"m":1,"n":1})");
}

TEST_CASE("bindings/store: a mutation is seen whole or not at all", "[bindings]") {
  StoreFixture f;
  CHECK(f.run(R"(
    local result, outcome = store.mutate(function(db)
      assert(db:put('/list', json.array({})))
      for i = 1, 3 do assert(db:insert('/list/0', i)) end
      assert(db:remove('/list/1'))
      assert(#db:get('/list') == 2 and db:revision() == 0)
      return 'done'
    end)
    assert(result == 'done' and outcome.revision == 1 and outcome.changed)
    local nothing, err = store.mutate(function(db)
      db:put('/list', 0)
      return nil, { code = 'action', message = 'no' }
    end)
    assert(nothing == nil and err.code == 'action')
    local ok, message = pcall(store.mutate, function(db) db:put('/list', 0) error('raised') end)
    assert(not ok and tostring(message):find('raised'))
    local escaped
    assert(store.mutate(function(db) escaped = db end))
    assert(not pcall(function() return escaped:get('/list') end))
    return tostring(store.raw('/list'))
  )") == "[3,1]");
}

TEST_CASE("bindings/store: closures cannot yield", "[bindings]") {
  StoreFixture f;
  CHECK(f.run(R"(
    local ok = pcall(store.mutate, function() store.put('/x', 1) end)
    return tostring(ok) .. tostring(store.exists('/x'))
  )") == "falsefalse");
}

TEST_CASE("bindings/store: runs a closure again after a conflict, at last alone", "[bindings]") {
  StoreFixture f;
  rival = {f.store.get(), 0};
  const std::string result = f.run(R"(
    local rival, runs = require('test.rival').change, 0
    local result, outcome = store.mutate(function(db)
      runs = runs + 1
      db:get('/n')
      if runs <= 8 then rival() end
      assert(db:put('/n', 'mine'))
      return runs
    end)
    assert(store.get('/n') == 'mine')
    return tostring(result)
  )");
  CHECK(result == "9");
  CHECK(rival.changes == 8);
}

TEST_CASE("bindings/store: an exclusive closure that raises lets others go on", "[bindings]") {
  StoreFixture f;
  rival = {f.store.get(), 0};
  CHECK(f.run(R"(
    assert(store.put('/n', 0))
    local rival, runs = require('test.rival').change, 0
    local ok = pcall(store.mutate, function(db)
      runs = runs + 1
      db:put('/n', runs)
      if runs > 8 then error('alone') end
      rival()
    end)
    assert(not ok and runs == 9, runs)
    return tostring(store.put('/n', 1).changed)
  )") == "true");
}

TEST_CASE("bindings/store: applies patches with an expected revision", "[bindings]") {
  StoreFixture f;
  CHECK(f.run(R"(
    local one = assert(store.apply({{ op = 'add', path = '/a', value = { 1 } }}, { expect = 0 }))
    assert(one.revision == 1)
    assert(code(store.apply({{ op = 'remove', path = '/a' }}, { expect = 0 })) == 'conflict')
    assert(code(store.apply({{ op = 'test', path = '/a', value = 2 }})) == 'conflict')
    assert(code(store.apply({{ op = 'shout', path = '/a' }})) == 'invalid_params')
    assert(code(store.apply({{ op = 'add', path = '/b', value = 1 },
                             { op = 'remove', path = '/none' }})) == 'not_found')
    return tostring(store.raw(''))
  )") == R"({"a":[1]})");
}

TEST_CASE("bindings/store: watches gather what came and wait for more", "[bindings]") {
  StoreFixture f;
  CHECK(f.run(R"(
    local watch = assert(store.watch('/a'))
    assert(code(watch:next(0.01)) == 'timeout')
    assert(store.put('/b', 1))
    assert(store.put('/a', 1))
    assert(store.put('/a', 2, { durable = false }))
    local update = assert(watch:next(5))
    assert(update.revision == 3, update.revision)
    assert(#update.patch == 2 and update.patch[2].value == 2)
    assert(code(watch:next(0)) == 'timeout')
    watch:close()
    return tostring(pcall(watch.next, watch))
  )") == "false");
}

TEST_CASE("bindings/store: a waiting watch is woken from the commit thread", "[bindings]") {
  StoreFixture f;
  std::thread writer([&] {
    for (int i = 0; i < 50; ++i) {
      (void)f.store->mutate(
          [&](store::Mutation& mutation) { return mutation.put(*json::Pointer::parse("/n"), i); });
    }
  });
  CHECK(f.run(R"(
    local watch = assert(store.watch('/n'))
    local last = store.exists('/n') and store.get('/n') or -1
    while last < 49 do
      local update, err = watch:next(10)
      if not update then return err.code end
      last = update.patch[#update.patch].value
    end
    watch:close()
    return 'all'
  )") == "all");
  writer.join();
}

TEST_CASE("bindings/store: a watch that nobody reads says that it lags", "[bindings]") {
  StoreFixture f;
  CHECK(f.run(R"(
    local watch = assert(store.watch(''))
    for i = 1, 6 do assert(store.put('/big', string.rep(tostring(i), 60000))) end
    local update = assert(watch:next(5))
    watch:close()
    return tostring(update.lagged) .. tostring(update.patch) .. update.revision
  )") == "truenil6");
}

}  // namespace engine::bindings
