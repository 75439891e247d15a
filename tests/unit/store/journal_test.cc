#include "store/journal.hh"

#include "store/backup.hh"
#include "store/check.hh"
#include "store/entry.hh"
#include "store/env.hh"
#include "store/layout.hh"
#include "store/measure.hh"
#include "store/revision_log.hh"

#include "unit/store/temp_store.hh"
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>

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

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kSector = 512;
constexpr std::size_t kFirstFrame = 4096;

/// Runs `work` in a child that ends as by a crash, with the store open that it gives.
void crash_after(const std::function<std::unique_ptr<Store>()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto store = work();
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
}

/// Leaves a store with `count` changes, the first in its file and the others in the journal, each
/// in a sector of its own.
void leave_unfiled(const fs::path& directory, int count) {
  crash_after([&] {
    auto store = open_store(directory);
    for (int i = 1; i <= count; ++i)
      put(*store, "/n", i);
    return store;
  });
}

/// Of the document's table: the key is the container it belongs to, and what of it this is.
struct Entry {
  std::string key;
  std::string payload;
};

/// Of the document.
std::vector<Entry> entries_of(const fs::path& directory) {
  const auto env = must(Env::open(directory, {}));
  const auto txn = must(env->read());
  std::vector<Entry> entries;
  Scan scan(txn.txn(), Table::nodes, {});
  while (const auto row = must(scan.next()))
    entries.push_back({std::string(row->key), std::string(row->payload)});
  return entries;
}

bool is_child(const Entry& entry) {
  return entry.key.size() > 8 && entry.key[8] == static_cast<char>(Slot::child);
}

/// Flips a bit of the entry's value, wherever it stands: LMDB has it behind its key, and the store
/// four bytes of seal in front.
void damage(const fs::path& file, const Entry& entry) {
  constexpr std::size_t kSeal = 4;
  std::string bytes = contents(file);
  bool found = false;
  for (auto key = bytes.find(entry.key); key != std::string::npos;
       key = bytes.find(entry.key, key + 1)) {
    const std::size_t value = key + entry.key.size() + kSeal;
    if (bytes.compare(value, entry.payload.size(), entry.payload) != 0) continue;
    bytes[value - 1] ^= 1;
    found = true;
  }
  CHECK(found);
  overwrite(file, bytes);
}

/// The file's last revision.
RevisionId filed(const fs::path& directory) {
  const auto env = must(Env::open(directory, {}));
  const auto txn = must(env->read());
  return must(load_head(txn.txn())).revision;
}

}  // namespace

TEST_CASE("store/journal: what it holds is there after a crash, in the file", "[store][journal]") {
  TempDir dir;
  leave_unfiled(dir.path(), 10);
  CHECK(filed(dir.path()) == 1);
  CHECK(must(check(dir.path())).in_journal == 9);
  const Measures measures = must(measure(dir.path()));
  CHECK(measures.in_journal == 9);
  CHECK(measures.head == 10);
  {
    const auto store = open_store(dir.path());
    CHECK(store->head() == 10);
    CHECK(dump(*store) == R"({"n":10})");
    CHECK(must(store->revisions_since(0)).size() == 10);
    CHECK(must(store->stats()).commits.pending == 0);
    put(*store, "/n", 11);
  }
  CHECK(filed(dir.path()) == 11);
  CHECK(must(check(dir.path())).in_journal == 0);
  CHECK(open_store(dir.path())->head() == 11);
}

TEST_CASE("store/journal: keeps class, author, schema and moved elements", "[store][journal]") {
  TempDir dir;
  crash_after([&] {
    auto store = open_store(dir.path(), R"({"list":[1,2,3]})");
    put(*store, "/a", 1);
    put(*store, "/progress", 1, Durability::soon);
    put(*store, "/progress", 2, Durability::soon);
    must(store->mutate([](Mutation& mutation) -> engine::Result<> {
      TRY(mutation.insert(at("/list/0"), 0));
      mutation.set_schema(R"({"version":7})");
      return mutation.remove(at("/list/3"));
    }));
    return store;
  });
  const auto store = open_store(dir.path());
  CHECK(dump(*store) == R"({"a":1,"list":[0,1,2],"progress":2})");
  CHECK(must(store->schema()) == R"({"version":7})");
  const auto log = must(store->revisions_since(0));
  REQUIRE(log.size() >= 4);
  CHECK(log[0]->durable);
  CHECK_FALSE(log[1]->durable);
  CHECK_FALSE(log[2]->durable);
  CHECK(log[3]->durable);
  CHECK(log[3]->patch.front().shifts);
}

TEST_CASE("store/journal: the schema is what a change has made it, filed or not",
          "[store][journal]") {
  TempDir dir;
  const auto store = open_store(dir.path());
  put(*store, "/a", 1);
  must(store->mutate([](Mutation& mutation) -> engine::Result<> {
    mutation.set_schema("{}");
    return {};
  }));
  CHECK(must(store->stats()).commits.pending == 1);
  CHECK(must(store->schema()) == "{}");
  must(store->flush());
  CHECK(must(store->stats()).commits.pending == 0);
  CHECK(must(store->schema()) == "{}");
}

TEST_CASE("store/journal: a torn end was never answered", "[store][journal]") {
  TempDir dir;
  leave_unfiled(dir.path(), 5);
  const auto file = Journal::path_in(dir.path());
  std::string bytes = contents(file);
  const std::size_t last = kFirstFrame + 3 * kSector;
  SECTION("half of it missing") {
    bytes.replace(last + 40, kSector - 40, kSector - 40, '\0');
  }
  SECTION("only its end there") {
    bytes.replace(last, 40, 40, '\0');
  }
  overwrite(file, bytes);
  const auto store = open_store(dir.path());
  CHECK(store->head() == 4);
  CHECK(dump(*store) == R"({"n":4})");
}

TEST_CASE("store/journal: damage before a whole frame is an error, never a loss",
          "[store][journal]") {
  TempDir dir;
  leave_unfiled(dir.path(), 6);
  const auto file = Journal::path_in(dir.path());
  const std::string good = contents(file);
  const std::string data = contents(dir.path() / "data.mdb");
  for (std::size_t frame = 0; frame < 4; ++frame) {
    for (const std::size_t offset : {0UL, 9UL, 17UL, 21UL, 25UL, 40UL}) {
      CAPTURE(frame, offset);
      std::string bytes = good;
      bytes[kFirstFrame + frame * kSector + offset] ^= 0x10;
      overwrite(file, bytes);
      const auto error = refused(dir.path());
      CHECK(error.code == Errc::corrupt);
      CHECK_THAT(error.message, Catch::Contains("journal"));
      CHECK_THAT(error.hint, Catch::Contains("restore a backup"));
      CHECK(contents(file) == bytes);
      const auto report = must(check(dir.path()));
      REQUIRE(report.findings.size() == 1);
      CHECK(report.findings.front().where == "journal");
    }
  }
  CHECK(contents(dir.path() / "data.mdb") == data);
  overwrite(file, good);
  CHECK(must(check(dir.path())).findings.empty());
  CHECK(open_store(dir.path())->head() == 6);
}

TEST_CASE("store/journal: frames of an earlier round do not count", "[store][journal]") {
  TempDir dir;
  crash_after([&] {
    auto store = open_store(dir.path());
    for (int i = 1; i <= 20; ++i)
      put(*store, "/n", i);
    must(store->flush());
    for (int i = 21; i <= 23; ++i)
      put(*store, "/n", i);
    return store;
  });
  CHECK(filed(dir.path()) == 20);
  const auto file = Journal::path_in(dir.path());
  // The oldest are overwritten, those behind are still there.
  CHECK(contents(file).find(R"("value":15)") != std::string::npos);
  SECTION("whole") {
    CHECK(open_store(dir.path())->head() == 23);
  }
  SECTION("torn at their first") {
    std::string bytes = contents(file);
    bytes[kFirstFrame + 50] ^= 1;
    bytes[kFirstFrame + kSector + 50] ^= 1;
    bytes[kFirstFrame + 2 * kSector + 50] ^= 1;
    overwrite(file, bytes);
    CHECK(open_store(dir.path())->head() == 20);
  }
}

TEST_CASE("store/journal: is refused if it is cut off, foreign, newer or gone",
          "[store][journal]") {
  TempDir dir;
  leave_unfiled(dir.path(), 3);
  const auto file = Journal::path_in(dir.path());
  const std::string good = contents(file);
  SECTION("cut off") {
    fs::resize_file(file, good.size() / 2);
    CHECK(refused(dir.path()).code == Errc::corrupt);
  }
  SECTION("of no store") {
    overwrite(file, std::string(8192, 'x'));
    CHECK(refused(dir.path()).code == Errc::corrupt);
  }
  SECTION("its header flipped") {
    for (const std::size_t offset : {0UL, 8UL, 13UL, 30UL, 45UL}) {
      std::string bytes = good;
      bytes[offset] ^= 1;
      overwrite(file, bytes);
      CHECK(refused(dir.path()).code == Errc::corrupt);
    }
  }
  SECTION("of another store") {
    TempDir other;
    leave_unfiled(other.path(), 3);
    fs::copy_file(Journal::path_in(other.path()), file, fs::copy_options::overwrite_existing);
    const auto error = refused(dir.path());
    CHECK(error.code == Errc::corrupt);
    CHECK_THAT(error.message, Catch::Contains("another store"));
  }
  SECTION("gone") {
    fs::remove(file);
    const auto error = refused(dir.path());
    CHECK(error.code == Errc::corrupt);
    CHECK_THAT(error.message, Catch::Contains("missing"));
  }
  overwrite(file, good);
  CHECK(open_store(dir.path())->head() == 3);
}

TEST_CASE("store/journal: one of a newer format is refused with the cure", "[store][journal]") {
  TempDir dir;
  leave_unfiled(dir.path(), 3);
  Identity identity;
  {
    const auto env = must(Env::open(dir.path(), {}));
    identity = must(load_identity(must(env->read()).txn()));
  }
  must(Journal::create(dir.path(), identity, 8192, Journal::kFormat + 1));
  const auto error = refused(dir.path());
  CHECK(error.code == Errc::newer_format);
  CHECK_THAT(error.hint, Catch::Contains("at least as new"));
}

TEST_CASE("store/journal: a revision that nobody can have recorded is refused",
          "[store][journal]") {
  Revision revision;
  revision.id = 1;
  std::string payload;
  SECTION("with an operation that changes are never written as") {
    revision.text = R"([{"op":"move","from":"/a","path":"/b"}])";
    encode(revision, payload);
    CHECK(decode(1, payload).error().code == Errc::corrupt);
  }
  SECTION("but not for a time beyond what the clock can say") {
    revision.text = "[]";
    encode(revision, payload);
    payload.replace(0, 8, "\xff\xff\xff\xff\xff\xff\xff\x7f");
    const auto late = must(decode(1, payload));
    CHECK(late->time > std::chrono::system_clock::now());
  }
}

TEST_CASE("store/journal: a file older than the journal is refused", "[store][journal]") {
  TempDir dir;
  TempDir old;
  { const auto store = open_store(dir.path()); }
  fs::copy(dir.path() / "data.mdb", old.path() / "data.mdb");
  crash_after([&] {
    auto store = open_store(dir.path());
    for (int i = 1; i <= 3; ++i)
      put(*store, "/n", i);
    must(store->flush());
    put(*store, "/n", 4);
    return store;
  });
  fs::copy_file(
      old.path() / "data.mdb", dir.path() / "data.mdb", fs::copy_options::overwrite_existing);
  fs::remove(dir.path() / "lock.mdb");
  const auto error = refused(dir.path());
  CHECK(error.code == Errc::corrupt);
  CHECK_THAT(error.message, Catch::Contains("begins with 4"));
}

TEST_CASE(
    "store/journal: damage that nobody has read ends changes, and loses none that was answered",
    "[store][journal]") {
  TempDir dir;
  put(*open_store(dir.path()), "/list", engine::json::Array(600, Value(1)));
  const auto insert = [](Mutation& change) { return change.insert(at("/list/-"), 2); };
  int surfaced = 0;
  for (const Entry& entry : entries_of(dir.path())) {
    if (is_child(entry)) continue;
    TempDir copy;
    const fs::path place = copy.path() / "store";
    fs::copy(dir.path(), place);
    damage(place / kDataFile, entry);
    auto store = must(Store::open(place));
    // The first change goes into the file, those after it into the journal.
    if (!store->mutate([](Mutation& change) { return change.put(at("/first"), 1); })) continue;
    const auto done = store->mutate(insert);
    if (!done || store->flush()) continue;  // it was found in time, or has nothing to do with it
    ++surfaced;
    CHECK(store->mutate(insert).error().code == Errc::closed);
    CHECK(store->head() == done->revision);
    store.reset();
    CHECK(must(check(place)).in_journal == 1);
    CHECK(refused(place).code == Errc::corrupt);
    damage(place / kDataFile, entry);  // flips it back
    CHECK(dump(*open_store(place), "/list/600") == "2");
  }
  CHECK(surfaced > 0);
}

TEST_CASE("store/journal: is not needed after a clean stop", "[store][journal]") {
  TempDir dir;
  {
    const auto store = open_store(dir.path());
    put(*store, "/n", 1);
    put(*store, "/n", 2);
  }
  fs::remove(Journal::path_in(dir.path()));
  const auto store = open_store(dir.path());
  CHECK(dump(*store) == R"({"n":2})");
  put(*store, "/n", 3);
  CHECK(fs::exists(Journal::path_in(dir.path())));
}

TEST_CASE("store/journal: grows when it is too small, and a batch above its room goes by",
          "[store][journal]") {
  TempDir dir;
  StoreOptions options;
  options.journal_bytes = 8192;
  const auto file = Journal::path_in(dir.path());
  {
    const auto store = must(Store::open(dir.path(), options));
    put(*store, "/n", 0);
    CHECK(fs::file_size(file) == 8192);
    for (int i = 1; i <= 40; ++i)
      put(*store, "/n", i);
    CHECK(fs::file_size(file) > 16'000);
    put(*store, "/big", std::string(6UL << 20U, 'x'));
    CHECK(must(store->stats()).commits.pending == 0);
    CHECK(fs::file_size(file) <= Journal::kMaxBytes);
    put(*store, "/n", "end");
    CHECK(must(store->stats()).commits.pending == 1);
  }
  CHECK(dump(*open_store(dir.path()), "/n") == "\"end\"");
}

TEST_CASE("store/journal: copies of the file have what only the journal held", "[store][journal]") {
  TempDir dir;
  const auto place = dir.path() / "store";
  const auto copy = dir.path() / "copy.mdb";
  leave_unfiled(place, 7);
  SECTION("backup and restore") {
    CHECK(must(backup(place, copy, false)).head == 7);
    CHECK(Store::is_unclean(place));
    const auto restored = must(restore(copy, place));
    CHECK_FALSE(fs::exists(Journal::path_in(place)));
    CHECK(dump(*open_store(place)) == R"({"n":7})");
    CHECK(dump(*open_store(restored.kept)) == R"({"n":7})");
  }
  SECTION("compact") {
    must(compact(place));
    CHECK(filed(place) == 7);
    CHECK(dump(*open_store(place)) == R"({"n":7})");
  }
  SECTION("not from a damaged one") {
    std::string bytes = contents(Journal::path_in(place));
    bytes[kFirstFrame + 50] ^= 1;
    overwrite(Journal::path_in(place), bytes);
    CHECK(backup(place, copy, false).error().code == Errc::corrupt);
    CHECK(compact(place).error().code == Errc::corrupt);
    CHECK_FALSE(fs::exists(copy));
  }
}

TEST_CASE("store/journal: changes come into the file by themselves", "[store][journal]") {
  TempDir dir;
  StoreOptions options;
  options.flush_after = std::chrono::milliseconds(50);
  const auto store = must(Store::open(dir.path(), options));
  put(*store, "/a", 1);
  put(*store, "/a", 2);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (must(store->stats()).commits.pending > 0 && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  CHECK(must(store->stats()).commits.pending == 0);
  CHECK(dump(*store) == R"({"a":2})");
}

TEST_CASE("store/journal: where none can be made the file takes each change", "[store][journal]") {
  TempDir dir;
  fs::create_directories(Journal::path_in(dir.path()).native() + ".part");
  {
    const auto store = open_store(dir.path());
    for (int i = 1; i <= 5; ++i)
      put(*store, "/n", i);
    CHECK(must(store->stats()).commits.pending == 0);
  }
  CHECK(dump(*open_store(dir.path())) == R"({"n":5})");
}
