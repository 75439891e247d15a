#include "support/random_json.hh"
#include "unit/store/temp_store.hh"

#include <mutex>

using namespace engine::store;
using engine::json::Value;
using engine::test::at;
using engine::test::must;
using engine::test::put;

namespace {

/// Counts what a watch is told.
struct Counter {
  Counter(Store& store, std::string_view scope)
      : watch(store.watch(at(scope),
                          [this](const RevisionPtr& revision) { ids.push_back(revision->id); })) {}
  std::vector<RevisionId> ids;  // written on the commit thread before the author is answered
  Watch watch;
};

}  // namespace

TEST_CASE("store/watch: hears of changes at, above and below its scope only", "[store]") {
  engine::test::TempDir dir;
  const auto store = engine::test::open_store(
      dir.path(), R"({"a":{"b":{"c":1},"bb":2},"list":[{"n":1},{"n":2}]})");
  Counter all(*store, "");
  Counter scope(*store, "/a/b");
  Counter sibling(*store, "/a/bb");
  Counter missing(*store, "/a/none/deeper");
  Counter second(*store, "/list/1");

  const auto below = put(*store, "/a/b/c", 2).revision;
  const auto here = put(*store, "/a/b", engine::test::js(R"({"c":3})")).revision;
  const auto beside = put(*store, "/a/bb", 9).revision;
  const auto above = put(*store, "/a/none", engine::test::js(R"({"deeper":1})")).revision;
  const auto shifted = must(store->mutate([](Mutation& mutation) {
                         return mutation.insert(at("/list/0"), Value(0));
                       })).revision;
  CHECK(all.ids == std::vector{below, here, beside, above, shifted});
  CHECK(scope.ids == std::vector{below, here});
  CHECK(sibling.ids == std::vector{beside});
  CHECK(missing.ids == std::vector{above});
  CHECK(second.ids == std::vector{shifted});
}

TEST_CASE("store/watch: is told once per revision and not after its end", "[store]") {
  engine::test::TempDir dir;
  const auto store = engine::test::open_store(dir.path());
  Counter whole(*store, "/x");
  must(store->mutate([](Mutation& mutation) -> engine::Result<> {
    auto done = mutation.put(at("/x"), engine::test::js("{}"));
    if (done) done = mutation.put(at("/x/a"), 1);
    if (done) done = mutation.put(at("/x/b"), 1);
    return done;
  }));
  CHECK(whole.ids.size() == 1);
  whole.watch = Watch();
  put(*store, "/x", 7);
  CHECK(whole.ids.size() == 1);
}

TEST_CASE("store/watch: may end itself from within", "[store]") {
  engine::test::TempDir dir;
  const auto store = engine::test::open_store(dir.path());
  int calls = 0;
  auto watch = std::make_unique<Watch>();
  *watch = store->watch(at(""), [&](const RevisionPtr&) {
    ++calls;
    watch.reset();
  });
  put(*store, "/a", 1);
  put(*store, "/a", 2);
  CHECK(calls == 1);
}

TEST_CASE("store/watch: a snapshot and what follows give the next snapshot", "[store]") {
  engine::test::TempDir dir;
  const auto store = engine::test::open_store(dir.path());
  engine::test::RandomJson random(5);
  std::vector<RevisionPtr> heard;
  const auto watch =
      store->watch(at(""), [&](const RevisionPtr& revision) { heard.push_back(revision); });
  Value mirror = engine::test::js("{}");
  for (int i = 0; i < 200; ++i) {
    const Value next = random.edit(mirror, 4);
    const auto durability = random.below(3) == 0 ? Durability::durable : Durability::soon;
    put(*store, "", next, durability);
    for (const auto& revision : heard)
      must(engine::json::apply_patch(mirror, revision->patch));
    heard.clear();
    REQUIRE(engine::json::write(mirror) == engine::test::dump(*store));
  }
}
