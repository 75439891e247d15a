#include "support/random_json.hh"
#include "unit/store/temp_store.hh"

#include <atomic>
#include <future>
#include <thread>

using namespace engine::store;
using engine::Errc;
using engine::Result;
using engine::json::Value;
using engine::test::at;
using engine::test::dump;
using engine::test::must;
using engine::test::open_store;
using engine::test::put;
using engine::test::TempDir;

namespace {

/// Commits a change set and waits for the answer.
Result<Committed> commit(Store& store, ChangeSet change, Durability durability) {
  std::promise<Result<Committed>> answer;
  auto future = answer.get_future();
  store.commit(std::move(change), durability, [&](Result<Committed> result) {
    answer.set_value(std::move(result));
  });
  return future.get();
}

ChangeSet change_of(Store& store, const std::function<void(Mutation&)>& edit) {
  Mutation mutation = must(store.begin());
  edit(mutation);
  return must(std::move(mutation).finish());
}

std::uint64_t flushes(const Store& store) {
  return must(store.stats()).commits.transactions;
}

}  // namespace

TEST_CASE("store/commit: numbers changes and says when nothing changed", "[store]") {
  TempDir dir;
  const auto store = open_store(dir.path(), R"({"public":{},"private":{}})");
  CHECK(store->head() == 0);
  const auto first = put(*store, "/public/a", 1);
  CHECK(first.changed);
  CHECK(first.revision == 1);
  const auto same = put(*store, "/public/a", 1);
  CHECK_FALSE(same.changed);
  CHECK(same.revision == 1);
  CHECK(put(*store, "/public/a", 1.0).revision == 2);
  CHECK(dump(*store) == R"({"private":{},"public":{"a":1.0}})");
  CHECK(store->head() == 2);
}

TEST_CASE("store/commit: a failing closure changes nothing", "[store]") {
  TempDir dir;
  const auto store = open_store(dir.path());
  const auto failed = store->mutate([](Mutation& mutation) -> Result<> {
    must(mutation.put(at("/a"), 1));
    return engine::fail(Errc::action, "no");
  });
  CHECK(failed.error().code == Errc::action);
  CHECK(dump(*store) == "{}");
  CHECK(store->head() == 0);
}

TEST_CASE("store/commit: a mutation reads its own edits and tells absence from null", "[store]") {
  TempDir dir;
  const auto store = open_store(dir.path(), R"({"n":null,"list":[1]})");
  must(store->mutate([](Mutation& mutation) -> Result<> {
    CHECK(must(mutation.exists(at("/n"))));
    CHECK(must(mutation.get(at("/n"))) == Value(nullptr));
    CHECK_FALSE(must(mutation.get(at("/none"))).has_value());
    must(mutation.put(at("/list/-"), 2));
    must(mutation.insert(at("/list/0"), 0));
    CHECK(must(mutation.get(at("/list"))) == engine::test::js("[0,1,2]"));
    must(mutation.remove(at("/n")));
    CHECK(must(mutation.keys(at(""))) == std::vector<std::string>{"list"});
    CHECK(mutation.keys(at("/n")).error().code == Errc::not_found);
    CHECK(mutation.keys(at("/list")).error().code == Errc::invalid_params);
    CHECK(mutation.put(at("/none/x"), 1).error().code == Errc::not_found);
    return {};
  }));
  CHECK(dump(*store) == R"({"list":[0,1,2]})");
}

TEST_CASE("store/commit: a snapshot never changes", "[store]") {
  TempDir dir;
  const auto store = open_store(dir.path(), R"({"a":1})");
  const auto before = must(store->peek());
  put(*store, "/a", 2, Durability::soon);
  const auto between = must(store->peek());
  put(*store, "/a", 3);
  CHECK(must(before.get(at("/a"))) == Value(1));
  CHECK(before.revision() == 0);
  CHECK(must(between.get(at("/a"))) == Value(2));
  CHECK(between.revision() == 1);
  CHECK(must(must(store->peek()).get(at("/a"))) == Value(3));
}

TEST_CASE("store/commit: finds conflicts where they are and only there", "[store]") {
  TempDir dir;
  const auto store = open_store(dir.path(), R"({"a":{"x":1,"y":1},"list":[1,2,3]})");
  const auto race = [&](const std::function<void(Mutation&)>& loser,
                        const std::function<void(Mutation&)>& winner) {
    ChangeSet late = change_of(*store, [&](Mutation& mutation) {
      loser(mutation);
      must(mutation.put(at("/late"), static_cast<std::int64_t>(store->head())));
    });
    must(commit(*store, change_of(*store, winner), Durability::durable));
    return commit(*store, std::move(late), Durability::durable);
  };
  std::int64_t next = 100;
  const auto puts = [&](const char* path) {
    return [path, value = next++](Mutation& mutation) { must(mutation.put(at(path), value)); };
  };
  const auto gets = [](const char* path) {
    return [path](Mutation& mutation) { must(mutation.get(at(path))); };
  };
  const auto exists = [](const char* path) {
    return [path](Mutation& mutation) { must(mutation.exists(at(path))); };
  };
  const auto keys = [](const char* path) {
    return [path](Mutation& mutation) { must(mutation.keys(at(path))); };
  };
  const auto inserts = [&](const char* path) {
    return [path, value = next++](Mutation& mutation) { must(mutation.insert(at(path), value)); };
  };
  CHECK(race(gets("/a/x"), puts("/a/y")).has_value());
  CHECK(race(puts("/a/x"), puts("/a/y")).has_value());
  CHECK(race(puts("/a/new"), puts("/a/other")).has_value());
  CHECK(race(exists("/a"), puts("/a/y")).has_value());
  CHECK(race(keys("/a"), puts("/a/y")).has_value());
  CHECK(race(puts("/list/0"), puts("/list/2")).has_value());
  CHECK(race(keys("/a"), puts("/a/fresh")).error().code == Errc::conflict);
  CHECK(race(gets("/a/x"), puts("/a/x")).error().code == Errc::conflict);
  CHECK(race(puts("/a/x"), puts("/a/x")).error().code == Errc::conflict);
  CHECK(race(gets("/a"), puts("/a/y")).error().code == Errc::conflict);
  CHECK(race(gets("/none"), puts("/none")).error().code == Errc::conflict);
  CHECK(race(puts("/list/0"), inserts("/list/2")).error().code == Errc::conflict);
  CHECK(race(puts("/a/x"), puts("/a")).error().code == Errc::conflict);
}

TEST_CASE("store/commit: loses no increment under contention", "[store]") {
  TempDir dir;
  const auto store = open_store(dir.path(), R"({"n":0,"own":{}})");
  constexpr int kThreads = 8;
  constexpr int kRounds = 25;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kRounds; ++i) {
        const auto durability = i % 3 == 0 ? Durability::soon : Durability::durable;
        const auto done = store->mutate(
            [&](Mutation& mutation) -> Result<> {
              auto found = mutation.get(at("/n"));
              if (!found) return engine::fail(found.error());
              const std::int64_t n = *(*found)->integer();
              if (auto put = mutation.put(at("/n"), n + 1); !put) return put;
              return mutation.put(at("/own").child(std::to_string(t)), i);
            },
            durability);
        if (!done) std::abort();
        // What was answered is visible to the one who asked.
        const auto snapshot = must(store->peek());
        if (snapshot.revision() < done->revision) std::abort();
      }
    });
  }
  std::atomic<bool> stop{false};
  std::thread reader([&] {
    std::int64_t last = 0;
    while (!stop) {
      const auto snapshot = must(store->peek());
      const std::int64_t now = *must(snapshot.get(at("/n")))->integer();
      if (now < last || now != static_cast<std::int64_t>(snapshot.revision())) std::abort();
      last = now;
    }
  });
  for (std::thread& thread : threads)
    thread.join();
  stop = true;
  reader.join();
  CHECK(dump(*store, "/n") == std::to_string(kThreads * kRounds));
  CHECK(store->head() == kThreads * kRounds);
}

TEST_CASE("store/commit: shares one flush among many", "[store]") {
  TempDir dir;
  const auto store = open_store(dir.path());
  constexpr int kChanges = 200;
  std::atomic<int> answered{0};
  std::promise<void> all;
  std::vector<ChangeSet> changes;
  for (int i = 0; i < kChanges; ++i) {
    changes.push_back(change_of(
        *store, [&](Mutation& mutation) { must(mutation.put(at("/k" + std::to_string(i)), i)); }));
  }
  const auto before = flushes(*store);
  for (ChangeSet& change : changes) {
    store->commit(std::move(change), Durability::durable, [&](Result<Committed> result) {
      if (!result) std::abort();
      if (++answered == kChanges) all.set_value();
    });
  }
  all.get_future().wait();
  CHECK(flushes(*store) - before < kChanges / 4);
  CHECK(store->head() == kChanges);
}

TEST_CASE("store/commit: only the change that cannot be applied fails", "[store]") {
  TempDir dir;
  const auto store = open_store(dir.path());
  std::vector<ChangeSet> changes;
  for (int i = 0; i < 20; ++i) {
    changes.push_back(change_of(
        *store, [&](Mutation& mutation) { must(mutation.put(at("/k" + std::to_string(i)), i)); }));
  }
  // Forged, as no mutation would make it: the target is not there.
  changes[7].patch[0].op = engine::json::Op::replace;
  // What came about after they were made, and before they are written together, hinders none.
  must(commit(*store,
              change_of(*store, [](Mutation& mutation) { must(mutation.put(at("/first"), 0)); }),
              Durability::durable));
  std::atomic<int> good{0};
  std::atomic<int> bad{0};
  std::promise<void> all;
  for (ChangeSet& change : changes) {
    store->commit(std::move(change), Durability::durable, [&](Result<Committed> result) {
      ++(result ? good : bad);
      if (good + bad == 20) all.set_value();
    });
  }
  all.get_future().wait();
  CHECK(good == 19);
  CHECK(bad == 1);
  CHECK(store->head() == 20);
  CHECK(must(must(store->peek()).keys(at(""))).size() == 20);
}

TEST_CASE("store/commit: changes that may be lost cost no flush", "[store]") {
  TempDir dir;
  {
    const auto store = open_store(dir.path(), R"({"progress":0})");
    put(*store, "/progress", -1, Durability::soon);
    const auto before = flushes(*store);
    for (int i = 1; i <= 1000; ++i) {
      const auto done = put(*store, "/progress", i, Durability::soon);
      REQUIRE(dump(*store, "/progress") == std::to_string(i));
      REQUIRE(store->head() == done.revision);
    }
    CHECK(flushes(*store) == before);
    CHECK(must(store->revisions_since(500)).size() == 501);
    put(*store, "/other", true);
    CHECK(flushes(*store) == before + 1);
    CHECK(must(store->revisions_since(500)).size() == 502);
    CHECK(store->revisions_since(1003).error().message == "the log holds revisions 0 to 1002");
    put(*store, "/progress", "last", Durability::soon);
  }
  CHECK_FALSE(Store::is_unclean(dir.path()));
  const auto store = open_store(dir.path());
  CHECK(dump(*store) == R"({"other":true,"progress":"last"})");
  CHECK(store->head() == 1003);
}

TEST_CASE("store/commit: flushes what nobody else flushes", "[store]") {
  TempDir dir;
  StoreOptions options;
  options.flush_after = std::chrono::milliseconds(300);
  const auto store = must(Store::open(dir.path(), options));
  put(*store, "/a", 1, Durability::soon);
  put(*store, "/a", 2, Durability::soon);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (flushes(*store) < 2 && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  CHECK(flushes(*store) == 2);
}

TEST_CASE("store/commit: applies foreign patches strictly and whole", "[store]") {
  TempDir dir;
  const auto store = open_store(dir.path(), R"({"a":{"b":[1,2]}})");
  const auto apply = [&](std::string_view text) {
    const auto patch = must(engine::json::patch_from(engine::test::js(text)));
    return store->mutate([&](Mutation& mutation) { return mutation.apply(patch); });
  };
  must(apply(R"([{"op":"test","path":"/a/b/1","value":2.0},{"op":"move","from":"/a/b","path":"/c"},
                 {"op":"copy","from":"/c/0","path":"/c/-"}])"));
  CHECK(dump(*store) == R"({"a":{},"c":[1,2,1]})");
  const auto head = store->head();
  const auto failed = apply(R"([{"op":"add","path":"/d","value":1},{"op":"remove","path":"/x"}])");
  CHECK(failed.error().code == Errc::not_found);
  CHECK(apply(R"([{"op":"test","path":"/c","value":0}])").error().code == Errc::conflict);
  CHECK(store->head() == head);
}

TEST_CASE("store/commit: one who keeps losing is let in alone", "[store]") {
  TempDir dir;
  const auto store = open_store(dir.path(), R"({"n":0})");
  int attempts = 0;
  const auto done = store->mutate([&](Mutation& mutation) -> Result<> {
    ++attempts;
    auto found = must(mutation.get(at("/n")));
    if (attempts <= 8) {
      // Somebody is always faster, until nobody else may commit.
      std::thread([&] { put(*store, "/n", *found->integer() + 1); }).join();
    }
    return mutation.put(at("/n"), "done");
  });
  CHECK(done.has_value());
  CHECK(attempts == 9);
  CHECK(dump(*store, "/n") == "\"done\"");
}

TEST_CASE("store/commit: enforces its limits before anything changes", "[store]") {
  TempDir dir;
  const auto store = open_store(dir.path());
  const auto refused = [&](const Value& value) {
    return store->mutate([&](Mutation& m) { return m.put(at("/x"), value); }).error().code;
  };
  Value deep = 1;
  for (int i = 0; i < 130; ++i)
    deep = engine::json::Array{std::move(deep)};
  CHECK(refused(deep) == Errc::request_too_large);
  CHECK(refused(std::string((16UL << 20U) + 1, 'x')) == Errc::request_too_large);
  CHECK(refused("\xff") == Errc::utf8);
  CHECK(refused(1.0 / 0.0) == Errc::serialization);
  CHECK(refused(engine::json::Object{{std::string((64UL << 10U) + 1, 'k'), 1}}) ==
        Errc::request_too_large);
  CHECK(store
            ->mutate([](Mutation& m) -> engine::Result<> {
              for (const char* path : {"/a", "/b"})
                if (auto put = m.put(at(path), std::string(9UL << 20U, 'x')); !put) return put;
              return {};
            })
            .error()
            .code == Errc::request_too_large);  // each string may be, the patch is too large
  CHECK(store->head() == 0);
}

TEST_CASE("store/commit: a million elements are the most, however durable", "[store]") {
  TempDir dir;
  const auto store = open_store(dir.path(), R"({"o":{}})");
  engine::json::Array elements(1'000'000, Value(1));
  put(*store, "/list", elements);
  elements.emplace_back(1);
  const RevisionId head = store->head();
  for (const auto durability : {Durability::durable, Durability::soon}) {
    const auto refused = [&](const char* path, const Value& value) {
      return store->mutate([&](Mutation& m) { return m.put(at(path), value); }, durability)
          .error()
          .code;
    };
    CHECK(refused("/list/-", 1) == Errc::request_too_large);
    CHECK(refused("/more", elements) == Errc::request_too_large);
  }
  CHECK(store->head() == head);
  put(*store, "/list/7", 2);
  CHECK(dump(*store, "/list/7") == "2");
}

TEST_CASE("store/snapshot: one that is forgotten ends, one that is being read does not",
          "[store]") {
  engine::test::TempDir dir;
  StoreOptions options;
  options.initial = engine::test::js(R"({"a":0})");
  options.snapshot_age = std::chrono::milliseconds(0);
  const auto store = must(Store::open(dir.path(), std::move(options)));
  const Snapshot forgotten = must(store->peek());
  Mutation abandoned = must(store->begin());
  CHECK(must(forgotten.exists(at("/a"))));
  put(*store, "/a", 1);
  for (const auto code : {forgotten.get(at("/a")).error().code,
                          forgotten.keys(at("")).error().code,
                          abandoned.put(at("/a"), 2).error().code}) {
    CHECK(code == engine::Errc::timeout);
  }
  CHECK_FALSE(std::move(abandoned).finish());
  CHECK(forgotten.revision() == 0);  // what needs no file is still known
  CHECK(engine::test::dump(*store, "/a") == "1");
}

TEST_CASE("store/snapshot: a forgotten one does not make the file grow", "[store]") {
  const auto grown = [](std::chrono::milliseconds age) {
    engine::test::TempDir dir;
    StoreOptions options;
    options.initial = engine::test::js(R"({"a":0})");
    options.snapshot_age = age;
    options.journal_bytes = 0;  // each change is committed into the file
    options.log.count = 1;
    options.log.age = std::chrono::seconds(0);
    const auto store = must(Store::open(dir.path(), std::move(options)));
    const Snapshot forgotten = must(store->peek());
    for (int i = 0; i < 300; ++i)
      put(*store, "/a", std::string(20'000, static_cast<char>('a' + i % 20)));
    return must(store->stats()).file_bytes;
  };
  CHECK(4 * grown(std::chrono::milliseconds(0)) < grown(std::chrono::hours(1)));
}
