#include "support/random_json.hh"
#include "unit/store/temp_store.hh"

using namespace engine::store;
using engine::Errc;
using engine::Result;
using engine::json::Value;
using engine::test::at;
using engine::test::dump;
using engine::test::js;
using engine::test::must;
using engine::test::open_store;
using engine::test::put;
using engine::test::TempDir;

namespace {

Result<Committed> revert(Store& store, RevisionId first, RevisionId last) {
  return store.mutate([&](Mutation& mutation) { return store.revert(mutation, {first, last}); });
}
Result<Committed> revert(Store& store, RevisionId revision) {
  return revert(store, revision, revision);
}

RevisionId apply(Store& store, std::string_view patch) {
  const auto operations = must(engine::json::patch_from(js(patch)));
  return must(store.mutate([&](Mutation& mutation) { return mutation.apply(operations); }))
      .revision;
}

std::vector<RevisionId> ids(const std::vector<RevisionPtr>& revisions) {
  std::vector<RevisionId> found;
  for (const RevisionPtr& each : revisions)
    found.push_back(each->id);
  return found;
}

}  // namespace

TEST_CASE("store/revert: gives the document before, and reverted again the one after", "[store]") {
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) {
    engine::test::RandomJson random(seed);
    TempDir dir;
    Value model = random.value(5, 10);
    StoreOptions options;
    options.initial = model;
    const auto store = must(Store::open(dir.path(), options));
    for (int i = 0; i < 60; ++i) {
      const std::string before = dump(*store);
      model = random.edit(model, 3);
      const auto durability = i % 3 == 0 ? Durability::soon : Durability::durable;
      const Committed made = put(*store, "", model, durability);
      if (!made.changed) continue;
      const std::string after = dump(*store);
      const Committed undone = must(revert(*store, made.revision));
      REQUIRE(dump(*store) == before);
      REQUIRE(undone.revision == made.revision + 1);
      must(revert(*store, undone.revision));
      REQUIRE(dump(*store) == after);
    }
  }
}

TEST_CASE("store/revert: undoes many at once, and what was undone in between counts as nothing",
          "[store]") {
  engine::test::RandomJson random(9);
  TempDir dir;
  Value model = random.value(5, 10);
  StoreOptions options;
  options.initial = model;
  std::vector<std::string> states;
  const auto store = must(Store::open(dir.path(), options));
  states.push_back(dump(*store));
  while (states.size() < 40) {
    model = random.edit(model, 3);
    if (put(*store, "", model).changed) states.push_back(dump(*store));
  }
  const RevisionId head = store->head();
  const Committed undone = must(revert(*store, head - 9, head));
  CHECK(dump(*store) == states[head - 10]);
  // What was undone does not stand in the way of undoing what came before.
  must(revert(*store, head - 10));
  CHECK(dump(*store) == states[head - 11]);
  must(revert(*store, undone.revision + 1));
  must(revert(*store, undone.revision));
  CHECK(dump(*store) == states[head]);
  must(revert(*store, 1, store->head()));
  CHECK(dump(*store) == states[0]);
}

TEST_CASE("store/revert: undoes exactly that one", "[store]") {
  TempDir dir;
  const auto store = open_store(dir.path(), R"({"a":1,"b":{"x":1},"list":[1,2,3]})");
  const RevisionId first = apply(*store, R"([{"op":"replace","path":"/a","value":2},
      {"op":"add","path":"/b/y","value":[1.0]},{"op":"remove","path":"/list/0"}])");
  apply(*store, R"([{"op":"replace","path":"/b/x","value":2},{"op":"add","path":"/c","value":0}])");
  must(revert(*store, first));
  CHECK(dump(*store) == R"({"a":1,"b":{"x":2},"c":0,"list":[1,2,3]})");
  CHECK(must(store->history({}))[0]->reverts == RevisionRange{first, first});
}

TEST_CASE("store/revert: refuses when something else is there now, and names it", "[store]") {
  TempDir dir;
  const auto store = open_store(dir.path(), R"({"a":1,"gone":true,"list":[1,2,3]})");
  const auto refused = [&](RevisionId revision, std::string_view place) {
    const std::string before = dump(*store);
    const RevisionId head = store->head();
    const auto result = revert(*store, revision);
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == Errc::conflict);
    CHECK(must(engine::json::parse(result.error().info)).string_or("pointer", "-") == place);
    CHECK(dump(*store) == before);
    CHECK(store->head() == head);
    return result.error().message;
  };
  const RevisionId changed = put(*store, "/a", 2).revision;
  put(*store, "/a", 3);
  CHECK(refused(changed, "/a").ends_with("\"/a\" was made 2 by it; now it is 3"));
  put(*store, "/a", 2.0);
  refused(changed, "/a");
  put(*store, "/a", 2);
  CHECK(revert(*store, changed).has_value());

  const RevisionId removed = apply(*store, R"([{"op":"remove","path":"/gone"}])");
  put(*store, "/gone", "back");
  CHECK(refused(removed, "/gone").ends_with("was removed by it; now it is \"back\""));

  const RevisionId added = put(*store, "/new", 1).revision;
  apply(*store, R"([{"op":"remove","path":"/new"}])");
  CHECK(refused(added, "/new").ends_with("was made 1 by it; now it is not there"));

  // The same value stands at that index now, but it is another element.
  const RevisionId inserted = apply(*store, R"([{"op":"add","path":"/list/1","value":1}])");
  const RevisionId moved = apply(*store, R"([{"op":"remove","path":"/list/0"},
      {"op":"add","path":"/list/1","value":1}])");
  refused(inserted, "/list");
  must(revert(*store, moved));
  must(revert(*store, inserted));
  CHECK(dump(*store, "/list") == "[1,2,3]");
}

TEST_CASE("store/revert: numbers as names of members are no indices", "[store]") {
  TempDir dir;
  const auto store = open_store(dir.path(), R"({"ports":{"80":false}})");
  const RevisionId opened = put(*store, "/ports/80", true).revision;
  put(*store, "/ports/443", true);
  must(revert(*store, opened));
  CHECK(dump(*store) == R"({"ports":{"443":true,"80":false}})");
}

TEST_CASE("store/revert: what it cannot undo, it says", "[store]") {
  TempDir dir;
  StoreOptions options;
  options.initial = js(R"({"big":{}})");
  options.log = {.count = 4, .age = std::chrono::seconds(0), .bytes = 1UL << 30U};
  const auto store = must(Store::open(dir.path(), options));
  CHECK(revert(*store, 0).error().code == Errc::invalid_params);
  CHECK(revert(*store, 1).error().code == Errc::not_found);
  for (int i = 0; i < 3; ++i)
    put(*store, "/big/" + std::to_string(i), std::string(6UL << 20U, 'x'));
  const RevisionId removed = apply(*store, R"([{"op":"remove","path":"/big"}])");
  const auto lost = revert(*store, removed);
  CHECK(lost.error().code == Errc::not_found);
  CHECK(lost.error().message.find("was not kept") != std::string::npos);
  CHECK(revert(*store, removed + 1).error().code == Errc::not_found);
  CHECK(revert(*store, 3, 2).error().code == Errc::invalid_params);
  for (int i = 0; i < 10; ++i)
    put(*store, "/n", i);
  CHECK(revert(*store, removed).error().code == Errc::not_found);
}

TEST_CASE("store/history: newest first, by place, and not without end", "[store]") {
  TempDir dir;
  const auto store = open_store(dir.path(), R"({"a":{"x":0},"b":0})");
  put(*store, "/a/x", 1);
  put(*store, "/b", 1);
  put(*store, "/a", js(R"({"x":2})"), Durability::soon);
  put(*store, "/b", 2, Durability::soon);
  const auto history = [&](HistoryQuery query) { return ids(must(store->history(query))); };
  using Ids = std::vector<RevisionId>;
  CHECK(history({}) == Ids{4, 3, 2, 1, 0});
  CHECK(history({.scope = at("/a/x")}) == Ids{3, 1, 0});
  CHECK(history({.scope = at("/b")}) == Ids{4, 2, 0});
  CHECK(history({.since = 2}) == Ids{4, 3});
  CHECK(history({.before = 3}) == Ids{2, 1, 0});
  CHECK(history({.since = 1, .before = 4, .limit = 1}) == Ids{3});
  CHECK(history({.max_bytes = 1}) == Ids{4});
  const auto revisions = must(store->history({}));
  CHECK_FALSE(revisions[0]->durable);
  CHECK(revisions[2]->durable);
  CHECK(revisions[0]->taken == "[1]");
  put(*store, "/b", 3);
  CHECK(history({}) == Ids{5, 4, 3, 2, 1, 0});
  CHECK(must(store->history({}))[1]->taken == "[1]");
}
