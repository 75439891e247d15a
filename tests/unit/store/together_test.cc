#include "store/backup.hh"
#include "store/feeds.hh"
#include "store/store.hh"

#include "unit/store/temp_store.hh"

#include <atomic>
#include <thread>

using namespace engine::store;
using engine::json::Value;
using engine::test::at;
using engine::test::js;
using engine::test::must;
using engine::test::open_store;
using engine::test::TempDir;

namespace {

constexpr int kWriters = 4;
constexpr int kChanges = 120;

/// Counts up a place of its own and one that all share, durably and not.
void write(Store& store, int writer) {
  const auto own = at("/own").child(std::to_string(writer));
  for (int i = 1; i <= kChanges; ++i) {
    const auto durability = i % 3 == 0 ? Durability::durable : Durability::soon;
    const auto done = store.mutate(
        [&](Mutation& mutation) -> engine::Result<> {
          TRY(mutation.put(own, i));
          TRY_ASSIGN(const auto shared, mutation.get(at("/shared")));
          return mutation.put(at("/shared"), *shared->integer() + 1);
        },
        durability);
    if (!done) std::abort();
  }
}

/// Snapshots of several threads: each stays what it is, and what is newer shows no less.
void read(const Store& store, const std::atomic<bool>& stop) {
  std::int64_t last = 0;
  while (!stop) {
    auto snapshot = store.peek();
    if (!snapshot) std::abort();
    const auto first = snapshot->get(at("/shared"));
    const auto again = snapshot->get(at("/shared"));
    if (!first || !again || *first != *again || *(*first)->integer() < last) std::abort();
    last = *(*first)->integer();
    std::string text;
    engine::json::Writer out(text);
    if (!snapshot->write(at("/own"), out)) std::abort();
  }
}

/// Follows the document by what its feed tells.
class Follower {
 public:
  explicit Follower(Feeds& feeds)
      : feed_(must(feeds.open(
            at(""), std::nullopt, [] {}, start_))) {
    update(*start_.dump);
  }
  void drain() {
    while (const auto text = feed_.take())
      update(*text);
  }
  [[nodiscard]] std::string text() const { return engine::json::write(value_); }

 private:
  void update(const std::string& text) {
    const Value told = js(text);
    if (const Value* whole = told.find("value")) {
      value_ = *whole;
    } else {
      must(engine::json::apply_patch(value_, must(engine::json::patch_from(*told.find("patch")))));
    }
  }

  FeedStart start_;
  Feed feed_;
  Value value_;
};

}  // namespace

TEST_CASE("store/together: writers, readers, watches and feeds do not disturb each other",
          "[store]") {
  TempDir dir;
  auto store = open_store(dir.path() / "store", R"({"own":{},"shared":0})");
  {
    Feeds feeds(*store);
    Follower follower(feeds);
    std::atomic<std::uint64_t> told{0};
    const Watch watch = store->watch(at("/shared"), [&](const RevisionPtr&) { ++told; });
    std::atomic<bool> stop{false};
    std::vector<std::thread> others;
    others.emplace_back([&] { read(*store, stop); });
    others.emplace_back([&] { read(*store, stop); });
    others.emplace_back([&] {
      while (!stop) {  // watches come and go meanwhile
        const Watch passing = store->watch(at("/own"), [](const RevisionPtr&) {});
        if (!store->stats() || !store->revisions_since(store->head())) std::abort();
      }
    });
    others.emplace_back([&] {
      while (!stop) {  // nobody compacts a store that is open
        const auto done = compact(dir.path() / "store");
        if (done || done.error().code != engine::Errc::busy) std::abort();
      }
    });
    std::vector<std::thread> writers;
    for (int i = 0; i < kWriters; ++i)
      writers.emplace_back([&, i] { write(*store, i); });
    for (std::thread& writer : writers) {
      follower.drain();
      writer.join();
    }
    stop = true;
    for (std::thread& other : others)
      other.join();
    follower.drain();
    CHECK(told == kWriters * kChanges);
    CHECK(must(must(store->peek()).get(at("/shared"))) == Value(kWriters * kChanges));
    CHECK(follower.text() == engine::test::dump(*store));
  }
}
