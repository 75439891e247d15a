#include "store/env.hh"
#include "store/recovery.hh"

#include "support/random_json.hh"
#include "unit/store/temp_store.hh"

using namespace engine::store;
using engine::Errc;
using engine::json::Value;
using engine::test::at;
using engine::test::contents;
using engine::test::dump;
using engine::test::must;
using engine::test::open_store;
using engine::test::overwrite;
using engine::test::put;
using engine::test::refused;
using engine::test::TempDir;

TEST_CASE("store/open: keeps document, head and id", "[store]") {
  TempDir dir;
  std::string id;
  {
    const auto store = open_store(dir.path() / "a" / "b", R"({"x":1})");
    id = store->id();
    CHECK(id.size() == 32);
    put(*store, "/y", engine::test::js(R"({"18446744073709551615":18446744073709551615})"));
  }
  CHECK_FALSE(Store::is_unclean(dir.path() / "a" / "b"));
  const auto store = open_store(dir.path() / "a" / "b", R"({"ignored":true})");
  CHECK(Store::is_unclean(dir.path() / "a" / "b"));
  CHECK(store->id() == id);
  CHECK(store->head() == 1);
  CHECK(dump(*store) == R"({"x":1,"y":{"18446744073709551615":18446744073709551615}})");
}

TEST_CASE("store/open: a file that went is not begun anew beside its journal", "[store]") {
  TempDir dir;
  put(*open_store(dir.path()), "/x", 1);
  const auto file = dir.path() / "data.mdb";
  const auto journal = contents(dir.path() / "journal");
  SECTION("missing") {
    std::filesystem::remove(file);
  }
  SECTION("empty") {
    overwrite(file, "");
  }
  const bool was_there = std::filesystem::exists(file);
  const auto error = refused(dir.path());
  CHECK(error.code == Errc::corrupt);
  CHECK(error.message.find(was_there ? "is empty" : "is missing") != std::string::npos);
  CHECK(std::filesystem::exists(file) == was_there);
  CHECK(contents(dir.path() / "journal") == journal);
  std::filesystem::remove(dir.path() / "journal");
  CHECK(dump(*open_store(dir.path())) == "{}");
}

TEST_CASE("store/open: is refused while another has it", "[store]") {
  TempDir dir;
  const auto store = open_store(dir.path());
  CHECK(refused(dir.path()).code == Errc::busy);
  put(*store, "/still", "works");
}

TEST_CASE("store/open: refuses files that are no store and leaves them alone", "[store]") {
  TempDir dir;
  const auto file = dir.path() / "data.mdb";
  for (const std::string& bytes : {std::string(8192, 'x'), std::string("short")}) {
    overwrite(file, bytes);
    CHECK(refused(dir.path()).code == Errc::corrupt);
    CHECK(contents(file) == bytes);
  }
}

TEST_CASE("store/open: a directory in the place of a file is told with the cure", "[store]") {
  TempDir dir;
  std::filesystem::create_directory(dir.path() / GENERATE("data.mdb", "store.lock"));
  const auto error = refused(dir.path());
  CHECK(error.code == Errc::filesystem);
  CHECK(error.message.find(dir.path().native()) != std::string::npos);
  CHECK(error.hint.find("move the directory") != std::string::npos);
}

TEST_CASE("store/open: refuses a file that was cut off", "[store]") {
  TempDir dir;
  {
    const auto store = open_store(dir.path());
    engine::test::RandomJson random(1);
    for (int i = 0; i < 20; ++i)
      put(*store, "/k" + std::to_string(i), std::string(20000, 'x'));
  }
  const auto file = dir.path() / "data.mdb";
  std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
  CHECK(refused(dir.path()).code == Errc::corrupt);
}

TEST_CASE("store/open: refuses a newer format and an older one, with the cure", "[store]") {
  const auto opened_with = [](std::uint64_t format) {
    TempDir dir;
    { const auto store = open_store(dir.path()); }
    {
      const auto env = must(Env::open(dir.path(), {}));
      auto txn = must(env->write());
      Identity identity = must(load_identity(txn.txn()));
      identity.format = format;
      must(save_identity(txn.txn(), identity));
      must(txn.commit());
    }
    return refused(dir.path());
  };
  const auto newer = opened_with(kFormat + 1);
  CHECK(newer.code == Errc::newer_format);
  CHECK(newer.hint.find("at least as new") != std::string::npos);
  const auto older = opened_with(kFormat - 1);
  CHECK(older.code == Errc::version_incompatible);
  CHECK(older.hint.find("db dump") != std::string::npos);
}

TEST_CASE("store/open: a flipped bit in a value is an error, not a wrong answer", "[store]") {
  TempDir dir;
  const std::string marker = "the quick brown fox";
  {
    const auto store = open_store(dir.path());
    put(*store, "/value", marker + std::string(3000, '.'));
    put(*store, "/other", 1);
  }
  const auto file = dir.path() / "data.mdb";
  std::string bytes = contents(file);
  // The value is in the document and in the log; only the one in the log has an operation before.
  for (auto found = bytes.find(marker); found != std::string::npos;
       found = bytes.find(marker, found + 1)) {
    if (bytes.substr(found - 9, 9) == "\"value\":\"") continue;
    bytes[found + 4] ^= 1;
  }
  overwrite(file, bytes);
  const auto store = open_store(dir.path());
  const auto snapshot = must(store->peek());
  const auto value = snapshot.get(at("/value"));
  REQUIRE_FALSE(value.has_value());
  CHECK(value.error().code == Errc::corrupt);
  CHECK(must(snapshot.get(at("/other"))) == Value(1));
}

TEST_CASE("store/open: a damaged log entry at the end is found", "[store]") {
  TempDir dir;
  {
    const auto store = open_store(dir.path());
    put(*store, "/value", "some text that is easy to find");
  }
  const auto file = dir.path() / "data.mdb";
  std::string bytes = contents(file);
  const std::string entry = R"([{"op":"add","path":"/value")";
  for (auto found = bytes.find(entry); found != std::string::npos;
       found = bytes.find(entry, found + 1)) {
    bytes[found + 3] ^= 1;
  }
  overwrite(file, bytes);
  CHECK(refused(dir.path()).code == Errc::corrupt);
}

TEST_CASE("store/open: grows a full map", "[store]") {
  TempDir dir;
  StoreOptions options;
  options.map_size = 256UL << 10U;
  const auto store = must(Store::open(dir.path(), options));
  put(*store, "/tick", 0, Durability::soon);
  for (int i = 0; i < 40; ++i) {
    put(*store, "/tick", i, Durability::soon);
    put(*store, "/k" + std::to_string(i), std::string(50000, 'x'));
  }
  CHECK(must(must(store->peek()).keys(at(""))).size() == 41);
  CHECK(must(store->stats()).file_bytes > 2'000'000);
}

TEST_CASE("store/open: a full map with a snapshot in the way is an error and heals", "[store]") {
  TempDir dir;
  StoreOptions options;
  options.map_size = 256UL << 10U;
  const auto store = must(Store::open(dir.path(), options));
  const auto big = [](Mutation& mutation) {
    return mutation.put(at("/big"), std::string(400000, 'x'));
  };
  {
    const auto snapshot = must(store->peek());
    const auto failed = store->mutate(big);
    REQUIRE_FALSE(failed.has_value());
    CHECK(failed.error().code == Errc::no_space);
    CHECK(must(snapshot.get(at(""))) == engine::test::js("{}"));
  }
  CHECK(store->mutate(big).has_value());
}

TEST_CASE("store/log: keeps what its limits say", "[store]") {
  TempDir dir;
  StoreOptions options;
  options.log = {.count = 10, .age = std::chrono::seconds(0), .bytes = 1UL << 20U};
  const auto store = must(Store::open(dir.path(), options));
  for (int i = 0; i < 50; ++i)
    put(*store, "/n", i);
  must(store->flush());
  CHECK(must(store->stats()).oldest == 41);
  const auto revisions = must(store->revisions_since(45));
  REQUIRE(revisions.size() == 5);
  CHECK(revisions.front()->id == 46);
  CHECK(revisions.front()->text == R"([{"op":"replace","path":"/n","value":45}])");
  CHECK(store->revisions_since(12).error().code == Errc::not_found);
  CHECK(store->revisions_since(51).error().code == Errc::not_found);
  CHECK(must(store->revisions_since(50)).empty());
  CHECK(must(store->revisions_since(40)).size() == 10);
}

TEST_CASE("store/log: a clock that jumps costs no revision that is to be kept", "[store]") {
  const int years = GENERATE(-40, 0, 40);
  TempDir dir;
  open_store(dir.path(), R"({"n":0})").reset();
  {
    const auto env = must(Env::open(dir.path(), {}));
    std::vector<RevisionPtr> written;
    for (RevisionId id = 1; id <= 30; ++id) {
      auto revision = std::make_shared<Revision>();
      revision->id = id;
      revision->time = std::chrono::system_clock::now() + std::chrono::hours(24 * 365 * years);
      revision->patch = {{.op = engine::json::Op::replace, .path = at("/n"), .value = id}};
      revision->text = engine::json::write(revision->patch);
      revision->taken = "[0]";
      written.push_back(std::move(revision));
    }
    must(replay(*env, written));
  }
  StoreOptions options;
  options.log = {.count = 10, .age = std::chrono::hours(1), .bytes = 1UL << 20U};
  const auto store = must(Store::open(dir.path(), options));
  for (int i = 31; i <= 60; ++i)
    put(*store, "/n", i);
  must(store->flush());
  // The first is of this hour, so none after it goes, whatever its time says.
  CHECK(must(store->stats()).oldest == 0);
  CHECK(must(store->revisions_since(0)).size() == 60);
  CHECK(dump(*store) == R"({"n":60})");
}

TEST_CASE("store/log: folds to the document from any revision kept", "[store]") {
  TempDir dir;
  engine::test::RandomJson random(77);
  Value model = random.value(4, 8);
  StoreOptions options;
  options.initial = model;
  const auto store = must(Store::open(dir.path(), options));
  std::vector<Value> states = {model};
  for (int i = 0; i < 60; ++i) {
    model = random.edit(model, 3);
    if (put(*store, "", model).changed) states.push_back(model);
  }
  const auto revisions = must(store->revisions_since(0));
  REQUIRE(revisions.size() + 1 == states.size());
  for (std::size_t start = 0; start < states.size(); start += 7) {
    Value value = states[start];
    for (std::size_t i = start; i < revisions.size(); ++i)
      must(engine::json::apply_patch(value, revisions[i]->patch));
    REQUIRE(engine::json::write(value) == dump(*store));
  }
}
