#include "store/touch_index.hh"

#include "unit/store/temp_store.hh"

using namespace engine::store;
using engine::test::at;

namespace {

bool sees(const TouchIndex& index, std::string_view path, RevisionId base, Seen seen = Seen::all) {
  return index.disturbed({{at(path), seen}}, base);
}

}  // namespace

TEST_CASE("store/touch_index: knows what changed since, above and below", "[store]") {
  TouchIndex index(0);
  index.add({{at("/a/x"), false}}, 1);
  index.add({{at("/a/new"), true}}, 2);
  CHECK(sees(index, "/a/x", 0));
  CHECK(sees(index, "/a/x/deep", 0));
  CHECK(sees(index, "/a", 1));
  CHECK(sees(index, "", 1));
  CHECK_FALSE(sees(index, "/a/x", 1));
  CHECK_FALSE(sees(index, "/a/y", 0));
  CHECK_FALSE(sees(index, "/b", 0));
  CHECK_FALSE(sees(index, "/a", 0, Seen::existence));
  CHECK(sees(index, "/a", 1, Seen::names));
  CHECK_FALSE(sees(index, "/a", 2, Seen::names));
  CHECK_FALSE(sees(index, "", 0, Seen::names));
  CHECK(sees(index, "/a/new", 1, Seen::existence));
}

TEST_CASE("store/touch_index: forgets the oldest and says so, never the newest", "[store]") {
  TouchIndex index(0);
  constexpr RevisionId kMany = 200'000;
  for (RevisionId id = 1; id <= kMany; ++id) {
    index.add({{at("/k" + std::to_string(id)), true}}, id);
    index.settle();
  }
  CHECK(sees(index, "/elsewhere", 0));
  for (RevisionId id = kMany - 30'000; id <= kMany; id += 1'000) {
    CHECK(sees(index, "/k" + std::to_string(id), id - 1));
    CHECK_FALSE(sees(index, "/k" + std::to_string(id), id));
  }
}

TEST_CASE("store/touch_index: revisions that were taken back hinder nobody", "[store]") {
  TouchIndex index(0);
  index.add({{at("/a"), false}}, 1);
  index.settle();
  index.add({{at("/a"), false}, {at("/b/c"), true}}, 2);
  index.add({{at("/a/d"), true}}, 3);
  index.take_back();
  CHECK_FALSE(sees(index, "/b/c", 0));
  CHECK_FALSE(sees(index, "/a", 1));
  CHECK(sees(index, "/a", 0));
}
