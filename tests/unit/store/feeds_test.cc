#include "store/feeds.hh"

#include "store/path_index.hh"
#include "store/scope_view.hh"

#include "support/random_json.hh"
#include "unit/store/temp_store.hh"

#include <atomic>
#include <deque>
#include <optional>
#include <set>
#include <thread>

using namespace engine::store;
using engine::json::Value;
using engine::test::at;
using engine::test::js;
using engine::test::must;
using engine::test::put;

namespace {

/// A copy of a scope, kept by nothing but what its feed tells.
struct Copy {
  Copy(Feeds& feeds, std::string_view pointer, std::optional<RevisionId> since = std::nullopt)
      : feed(must(feeds.open(
            at(pointer), since, [this] { ++wakes; }, start))) {
    if (start.dump != nullptr) update(*start.dump);
  }
  Copy(const Copy&) = delete;
  Copy& operator=(const Copy&) = delete;

  void update(const std::string& text) {
    const Value told = js(text);
    const auto now = static_cast<RevisionId>(told.integer_or("id", 0));
    if (id != 0) REQUIRE(now > id);
    if (const Value* before = told.find("prev"); before != nullptr && id != 0) {
      REQUIRE(*before == Value(static_cast<std::int64_t>(id)));
    }
    id = now;
    if (const Value* fresh = told.find("value")) {
      value = *fresh;
      ++dumps;
    } else {
      must(engine::json::apply_patch(value, must(engine::json::patch_from(*told.find("patch")))));
    }
  }
  void drain() {
    while (const auto text = feed.take())
      update(*text);
  }

  RevisionId id = 0;
  Value value;
  int dumps = 0;
  std::atomic<int> wakes = 0;
  FeedStart start;
  Feed feed;
};

std::string value_at(const Store& store, std::string_view pointer) {
  std::string text;
  engine::json::Writer out(text);
  must(write_scope(must(store.peek()), at(pointer), out));
  return text;
}

}  // namespace

TEST_CASE("store/feeds: what is told makes of a copy the value there now", "[store]") {
  engine::test::TempDir dir;
  const auto store = engine::test::open_store(dir.path(), R"({"list":[1,{"a":1},[2]],"tree":{}})");
  Feeds feeds(*store);
  engine::test::RandomJson random(11);
  const std::vector<std::string> scopes{
      "", "/list", "/list/0", "/list/1", "/list/1/a", "/none", "/*", "/*/1", "/list/*", "/*/*/a"};
  std::deque<Copy> copies;
  for (const auto& scope : scopes)
    copies.emplace_back(feeds, scope);
  for (int i = 0; i < 300; ++i) {
    const char* place = random.below(3) == 0 ? "/tree" : "/list";
    const Value before = must(must(store->peek()).get(at(place))).value_or(Value());
    const auto done = put(*store,
                          place,
                          random.edit(before, 3),
                          random.below(2) == 0 ? Durability::durable : Durability::soon);
    if (random.below(2) == 0) {
      const RevisionId reached = feeds.sync();
      CHECK(reached >= done.revision);
      for (auto& copy : copies) {
        copy.drain();
        REQUIRE(copy.id >= reached);
      }
    }
    for (std::size_t k = 0; k < scopes.size(); ++k) {
      if (random.below(4) != 0) copies[k].drain();
    }
  }
  for (std::size_t k = 0; k < scopes.size(); ++k) {
    INFO(scopes[k]);
    copies[k].drain();
    CHECK(engine::json::write(copies[k].value) == value_at(*store, scopes[k]));
    CHECK(copies[k].dumps == 1);
  }
}

TEST_CASE("store/feeds: a slow reader gets the value instead of what waits", "[store]") {
  engine::test::TempDir dir;
  const auto store = engine::test::open_store(dir.path(), R"({"a":0,"b":0})");
  Feeds feeds(*store);
  Copy copy(feeds, "/a");
  for (int i = 1; i <= 1'500; ++i)
    put(*store, "/a", Value(i), Durability::soon);
  copy.drain();
  CHECK(copy.dumps == 2);
  CHECK(copy.value == Value(1'500));
  put(*store, "/a", Value(-1));
  copy.drain();
  CHECK(copy.dumps == 2);
  CHECK(copy.value == Value(-1));
}

TEST_CASE("store/feeds: with an older id only what is missing is told", "[store]") {
  engine::test::TempDir dir;
  const auto store = engine::test::open_store(dir.path(), R"({"a":{"x":0},"list":[1]})");
  Feeds feeds(*store);
  Copy first(feeds, "/a");
  const RevisionId since = put(*store, "/a/x", Value(1)).revision;
  first.drain();
  put(*store, "/a/x", Value(2));
  put(*store, "/list", Value(3));
  Copy again(feeds, "/a", since);
  REQUIRE(again.start.dump == nullptr);
  REQUIRE(again.start.revisions.size() == 2);
  again.id = since;
  again.value = first.value;
  for (const auto& text : again.start.revisions)
    again.update(*text);
  CHECK(again.id == store->head());
  CHECK(again.value == js(R"({"x":2})"));

  // What cannot be told without the value, or is not of this log, is told as a whole.
  CHECK(Copy(feeds, "/list", since).dumps == 1);
  CHECK(Copy(feeds, "/a", store->head() + 1).dumps == 1);
}

TEST_CASE("store/feeds: an end comes after what waits, and lasts", "[store]") {
  engine::test::TempDir dir;
  const auto store = engine::test::open_store(dir.path(), R"({"a":0})");
  Feeds feeds(*store);
  Copy copy(feeds, "/a");
  put(*store, "/a", Value(1));
  feeds.close();
  CHECK_FALSE(copy.feed.ended());
  copy.drain();
  CHECK(copy.value == Value(1));
  CHECK(copy.feed.ended());
  CHECK(copy.wakes >= 2);
  FeedStart start;
  CHECK_FALSE(feeds.open(
      at("/a"), std::nullopt, [] {}, start));
}

TEST_CASE("store/feeds: readers come and go while others write", "[store]") {
  engine::test::TempDir dir;
  const auto store = engine::test::open_store(dir.path(), R"({"a":0,"b":0})");
  Feeds feeds(*store);
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (int i = 1; !stop; ++i)
      put(*store, "/a", Value(i), Durability::soon);
  });
  for (int i = 0; i < 300; ++i) {
    Copy copy(feeds, i % 2 == 0 ? "/a" : "/b");
    const RevisionId reached = feeds.sync();
    while (copy.id < reached)
      copy.drain();
  }
  stop = true;
  writer.join();
}

TEST_CASE("store/feeds: a wildcard shows what it stands for", "[store]") {
  engine::test::TempDir dir;
  const auto store = engine::test::open_store(
      dir.path(),
      R"({"p":{"a":{"status":1,"other":1},"b":{"other":2},"*":{"status":0}},"l":[[7]]})");
  Feeds feeds(*store);
  Copy status(feeds, "/p/*/status");
  Copy all(feeds, "/*/*");
  Copy nothing(feeds, "/none/*");
  Copy lists(feeds, "/l/*/0");
  CHECK(engine::json::write(status.value) == R"({"*":0,"a":1})");
  CHECK(nothing.value == Value());
  CHECK(engine::json::write(lists.value) == R"({"0":7})");

  put(*store, "/p/a/other", 9);
  CHECK(status.feed.take() == nullptr);
  put(*store, "/p/a/status", js(R"({"deep":1})"));
  put(*store, "/p/a/status/deep", 2);
  put(*store, "/p/b/status", 3);
  put(*store, "/p/c", js(R"({"status":4})"));
  must(store->mutate([](Mutation& mutation) { return mutation.remove(at("/p/b/status")); }));
  must(store->mutate([](Mutation& mutation) { return mutation.remove(at("/p/a")); }));
  must(store->mutate([](Mutation& mutation) { return mutation.insert(at("/l/0"), js("[8]")); }));
  for (Copy* copy : {&status, &all, &nothing, &lists})
    copy->drain();
  CHECK(engine::json::write(status.value) == R"({"*":0,"c":4})");
  CHECK(engine::json::write(all.value) == value_at(*store, "/*/*"));
  CHECK(engine::json::write(lists.value) == R"({"0":8,"1":7})");
  CHECK(nothing.value == Value());
}

TEST_CASE("store/feeds: a change costs those it concerns, not those who follow", "[store]") {
  engine::test::TempDir dir;
  const auto store = engine::test::open_store(dir.path(), R"({"p":{},"q":0})");
  Feeds feeds(*store);
  std::deque<Copy> copies;
  for (int i = 0; i < 1'000; ++i) {
    const std::string name = "/p/" + std::to_string(i);
    put(*store, name, js(R"({"leaf":0})"), Durability::soon);
    copies.emplace_back(feeds, name);
  }
  Copy twin(feeds, "/p/7");
  const FeedsStats before = feeds.stats();
  CHECK(before.scopes == 1'000);
  CHECK(before.followers == 1'001);
  put(*store, "/p/7/leaf", 1);
  put(*store, "/q", 1);
  const FeedsStats after = feeds.stats();
  CHECK(after.visited - before.visited <= 4);  // the root, /p and /p/7; the root again
  CHECK(after.told - before.told == 1);        // encoded once, for two followers
  twin.drain();
  copies[7].drain();
  CHECK(twin.value == copies[7].value);
  CHECK(copies[8].feed.take() == nullptr);
  copies.clear();
  CHECK(feeds.stats().scopes == 1);
}

TEST_CASE("store/feeds: a value is read once for all while it stays the same", "[store]") {
  engine::test::TempDir dir;
  const auto store = engine::test::open_store(dir.path(), R"({"a":{"x":0},"b":0})");
  Feeds feeds(*store);
  std::deque<Copy> copies;
  for (int i = 0; i < 50; ++i) {
    put(*store, "/b", i);
    copies.emplace_back(feeds, "/a");
    CHECK(copies.back().id == store->head());
  }
  CHECK(feeds.stats().readings == 1);
  put(*store, "/a/x", 1);
  copies.emplace_back(feeds, "/a");
  CHECK(feeds.stats().readings == 2);
  CHECK(copies.back().value == js(R"({"x":1})"));
}

TEST_CASE("store/feeds: a sync number comes after what waits, and last (D3)", "[store]") {
  engine::test::TempDir dir;
  const auto store = engine::test::open_store(dir.path(), R"({"a":0,"b":0})");
  Feeds feeds(*store);
  Copy copy(feeds, "/a");
  const RevisionId waits = put(*store, "/a", 1).revision;
  const RevisionId owed = put(*store, "/b", 1).revision;
  // The number is noticed while a lower revision waits, and nothing else happens afterwards.
  CHECK(feeds.sync() == owed);
  copy.update(*copy.feed.take());
  CHECK(copy.id == waits);
  copy.update(*copy.feed.take());
  CHECK(copy.id == owed);
  CHECK(copy.feed.take() == nullptr);
  // Noticed while a revision is on its way: the followers are told of it first.
  CHECK(feeds.sync() == owed);
  CHECK(copy.feed.take() == nullptr);
}

TEST_CASE("store/feeds: a sync number noticed before its revision is told (D3)", "[store]") {
  engine::test::TempDir dir;
  const auto store = engine::test::open_store(dir.path(), R"({"a":0})");
  std::optional<Feeds> feeds;
  RevisionId noticed = 0;
  // Told before the feeds are, with the revision visible already.
  const auto hook = store->watch({}, [&](const RevisionPtr&) { noticed = feeds->sync(); });
  feeds.emplace(*store);
  Copy copy(*feeds, "/a");
  const RevisionId done = put(*store, "/a", 1).revision;
  CHECK(noticed == done);
  copy.drain();
  CHECK(copy.id == done);
  CHECK(copy.value == Value(1));
}

TEST_CASE("store/feeds: what is missing is told as a whole where that is shorter", "[store]") {
  engine::test::TempDir dir;
  const auto store = engine::test::open_store(dir.path(), R"({"a":{"x":0}})");
  Feeds feeds(*store);
  const RevisionId since = store->head();
  for (int i = 1; i <= 3'000; ++i)
    put(*store, "/a/x", i, Durability::soon);
  Copy copy(feeds, "/a", since);
  CHECK(copy.dumps == 1);
  CHECK(copy.value == js(R"({"x":3000})"));
}

TEST_CASE("store/feeds: progress is seen without a flush", "[store]") {
  engine::test::TempDir dir;
  const auto store = engine::test::open_store(dir.path(), R"({"progress":0})");
  put(*store, "/progress", 1);
  Feeds feeds(*store);
  Copy copy(feeds, "/progress");
  const auto before = must(store->stats()).commits.transactions;
  for (int i = 2; i <= 1'000; ++i) {
    put(*store, "/progress", i, Durability::soon);
    copy.drain();
    REQUIRE(copy.value == Value(i));  // when its author is answered, it is there
  }
  CHECK(must(store->stats()).commits.transactions - before <= 1);
}

TEST_CASE("store/feeds: what a crash took back is not taken for what is known", "[store]") {
  engine::test::TempDir dir;
  const auto crashed = dir.path() / "crashed";
  RevisionId durable = 0;
  RevisionId lost = 0;
  {
    const auto store = engine::test::open_store(dir.path() / "store", R"({"a":0})");
    put(*store, "/a", 1, Durability::soon);
    durable = put(*store, "/a", 2).revision;
    for (int i = 3; i < 1'000; ++i)
      lost = put(*store, "/a", i, Durability::soon).revision;
    std::filesystem::copy(dir.path() / "store", crashed);
  }
  REQUIRE(lost > durable);
  const auto store = engine::test::open_store(crashed);
  const RevisionId raised = store->head();
  REQUIRE(raised > lost + 1);
  Feeds feeds(*store);
  for (const RevisionId since : {durable, lost, raised - 2}) {
    Copy copy(feeds, "/a", since);
    CHECK(copy.dumps == 1);
    CHECK(copy.value == Value(2));
  }
  CHECK(Copy(feeds, "/a", raised).dumps == 0);
}

TEST_CASE("store/path_index: finds what is at, above and below, also by wildcards", "[store]") {
  PathIndex<std::string> index;
  for (const char* scope : {"", "/a", "/a/b", "/a/*/c", "/*", "/a/b/c/d", "/x"}) {
    index.add(at(scope), std::make_shared<std::string>(scope));
  }
  const auto found = [&](std::string_view path) {
    std::set<std::string> names;
    index.visit(at(path), [&](const auto& item) { names.insert(*item); });
    return names;
  };
  using Names = std::set<std::string>;
  CHECK(found("/x/y") == Names{"", "/*", "/x"});
  CHECK(found("/a/z/c") == Names{"", "/*", "/a", "/a/*/c"});
  CHECK(found("/a/b") == Names{"", "/*", "/a", "/a/b", "/a/*/c", "/a/b/c/d"});
  CHECK(found("/a/b/c") == Names{"", "/*", "/a", "/a/b", "/a/*/c", "/a/b/c/d"});
  CHECK(found("").size() == 7);
}
