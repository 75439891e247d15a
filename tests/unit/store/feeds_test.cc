#include "store/feeds.hh"

#include "support/random_json.hh"
#include "unit/store/temp_store.hh"

#include <atomic>
#include <deque>
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
  const auto found = must(must(store.peek()).get(at(pointer)));
  return engine::json::write(found ? *found : Value());
}

}  // namespace

TEST_CASE("store/feeds: what is told makes of a copy the value there now", "[store]") {
  engine::test::TempDir dir;
  const auto store = engine::test::open_store(dir.path(), R"({"list":[1,{"a":1},[2]],"tree":{}})");
  Feeds feeds(*store);
  engine::test::RandomJson random(11);
  const std::vector<std::string> scopes{"", "/list", "/list/0", "/list/1", "/list/1/a", "/none"};
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
