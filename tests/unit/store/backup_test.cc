#include "store/backup.hh"

#include "base/file.hh"
#include "base/unique_fd.hh"

#include "temp_store.hh"
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

using namespace engine::store;
using engine::Errc;
using engine::Result;
using engine::json::Value;
using engine::test::dump;
using engine::test::must;
using engine::test::open_store;
using engine::test::put;
using engine::test::TempDir;

namespace fs = std::filesystem;

namespace {

/// A child that makes a backup when it is asked to, since LMDB forbids a second opening in this
/// process. Made while there is no other thread: after that it could not have threads of its own.
class Elsewhere {
 public:
  Elsewhere(const fs::path& store, const fs::path& file, bool replace) {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    child_ = ::fork();
    REQUIRE(child_ >= 0);
    if (child_ == 0) {
      ::close(ends[1]);
      char go = 0;
      if (::read(ends[0], &go, 1) != 1) ::_exit(0);
      const auto done = backup(store, file, replace);
      ::_exit(done ? 0 : static_cast<int>(done.error().code));
    }
    ::close(ends[0]);
    go_ = engine::UniqueFd(ends[1]);
  }
  Elsewhere(const Elsewhere&) = delete;
  Elsewhere& operator=(const Elsewhere&) = delete;
  ~Elsewhere() { wait(); }

  /// 0, or the kind of the error.
  int run() {
    REQUIRE(::write(go_.get(), "x", 1) == 1);
    return wait();
  }

 private:
  int wait() {
    go_.reset();
    int status = -1;
    if (child_ > 0) ::waitpid(std::exchange(child_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
  }

  pid_t child_ = -1;
  engine::UniqueFd go_;
};

/// Names in `directory` that begin with `start`.
std::vector<std::string> names(const fs::path& directory, std::string_view start) {
  std::vector<std::string> found;
  for (const auto& each : fs::directory_iterator(directory)) {
    const std::string name = each.path().filename();
    if (name.starts_with(start)) found.push_back(name);
  }
  return found;
}

}  // namespace

TEST_CASE("store/backup: is taken under load, and no one else may read it", "[store]") {
  TempDir dir;
  const auto file = dir.path() / "copy.mdb";
  std::uint64_t before = 0;
  {
    Elsewhere first(dir.path() / "store", file, false);
    Elsewhere again(dir.path() / "store", file, false);
    Elsewhere instead(dir.path() / "store", file, true);
    const auto store = open_store(dir.path() / "store");
    std::atomic<bool> stop{false};
    std::atomic<std::uint64_t> acknowledged{0};
    std::thread writer([&] {
      for (std::int64_t i = 1; !stop; ++i) {
        put(*store, "/n", i);
        acknowledged = static_cast<std::uint64_t>(i);
      }
    });
    while (acknowledged < 20)
      std::this_thread::yield();
    put(*store, "/soon", 1, Durability::soon);
    before = acknowledged;
    must(store->flush());
    CHECK(first.run() == 0);
    CHECK(again.run() == static_cast<int>(Errc::duplicate));
    CHECK(instead.run() == 0);
    stop = true;
    writer.join();
  }
  struct ::stat facts {};
  REQUIRE(::stat(file.c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0777U) == 0600);
  CHECK(names(dir.path(), "copy.mdb") == std::vector<std::string>{"copy.mdb"});
  const auto report = must(check(file));
  CHECK(report.findings.empty());
  CHECK(report.head >= before);
}

TEST_CASE("store/backup: clears away what one that died has left", "[store]") {
  TempDir dir;
  { const auto store = open_store(dir.path() / "store"); }
  const auto left = dir.path() / "copy.mdb.part-1";
  const auto in_the_making = dir.path() / "copy.mdb.part-2";
  const auto foreign = dir.path() / "copy.mdb.part-2b";
  for (const auto& each : {left, in_the_making, foreign})
    std::ofstream(each) << "x";
  {
    const auto maker = must(engine::open_file(in_the_making, O_RDONLY));
    REQUIRE(::flock(maker.get(), LOCK_EX) == 0);
    must(backup(dir.path() / "store", dir.path() / "copy.mdb", false));
    CHECK_FALSE(fs::exists(left));
    CHECK(fs::exists(in_the_making));
  }
  clear_unfinished(dir.path() / "copy.mdb");
  CHECK_FALSE(fs::exists(in_the_making));
  CHECK(fs::exists(foreign));
}

TEST_CASE("store/backup: into a place that cannot be written leaves nothing", "[store]") {
  TempDir dir;
  { const auto store = open_store(dir.path() / "store"); }
  const auto failed = backup(dir.path() / "store", dir.path() / "missing" / "copy", false);
  REQUIRE_FALSE(failed.has_value());
  CHECK_THAT(failed.error().message, Catch::Contains("missing"));
  CHECK(backup(dir.path() / "store", dir.path() / "store", true).error().code == Errc::duplicate);
  CHECK(backup(dir.path() / "none", dir.path() / "copy", false).error().code == Errc::not_found);
}

TEST_CASE("store/restore: keeps the id, begins a new history and puts the old store aside",
          "[store]") {
  TempDir dir;
  const auto place = dir.path() / "store";
  const auto file = dir.path() / "copy.mdb";
  std::string id;
  {
    const auto store = open_store(place);
    id = store->id();
    CHECK(store->history_id() == id);
    put(*store, "/n", 1);
  }
  must(backup(place, file, false));
  {
    const auto store = open_store(place);
    put(*store, "/n", 2);
    CHECK(restore(file, place).error().code == Errc::busy);
  }
  const Restored restored = must(restore(file, place));
  CHECK(restored.report.head == 1);
  std::string history;
  {
    const auto store = open_store(place);
    CHECK(dump(*store) == R"({"n":1})");
    CHECK(store->id() == id);
    history = store->history_id();
    CHECK(history != id);
    CHECK(history.starts_with(id));
    CHECK(must(store->revisions_since(0)).size() == 1);
    const auto old = open_store(restored.kept);
    CHECK(dump(*old) == R"({"n":2})");
    CHECK(old->history_id() == id);
  }
  CHECK(restored.kept.filename().native().starts_with("store.before-"));
  must(restore(file, place));
  CHECK(open_store(place)->history_id() != history);
  CHECK(names(dir.path(), "store").size() == 3);
  fs::remove_all(place);
  CHECK(must(restore(file, place)).kept.empty());
  CHECK(dump(*open_store(place)) == R"({"n":1})");
}

TEST_CASE("store/restore: what is no good backup changes nothing", "[store]") {
  TempDir dir;
  const auto place = dir.path() / "store";
  const auto file = dir.path() / "copy.mdb";
  {
    const auto store = open_store(place);
    put(*store, "/n", std::string(5000, 'x'));
  }
  must(backup(place, file, false));
  const auto size = fs::file_size(file);
  fs::resize_file(file, size / 2);
  CHECK(restore(file, place).error().code == Errc::corrupt);
  CHECK(restore(dir.path() / "none", place).error().code == Errc::not_found);
  CHECK(restore(place, place).error().code == Errc::not_found);
  CHECK(names(dir.path(), "store") == std::vector<std::string>{"store"});
  CHECK(dump(*open_store(place), "/n").size() == 5002);
}

TEST_CASE("store/compact: gives the room of what is gone back", "[store]") {
  TempDir dir;
  {
    const auto store = open_store(dir.path());
    for (int i = 0; i < 20; ++i)
      put(*store, "/k", std::string(200'000, static_cast<char>('a' + i)));
    CHECK(compact(dir.path()).error().code == Errc::busy);
  }
  const auto before = dir.path() / "data.mdb";
  const auto bytes = fs::file_size(before);
  const Compacted done = must(compact(dir.path()));
  CHECK(done.before == bytes);
  CHECK(done.after < bytes);
  CHECK(fs::file_size(before) == done.after);
  const auto store = open_store(dir.path());
  CHECK(dump(*store, "/k") == engine::json::quote(std::string(200'000, 't')));
  CHECK(store->head() == 20);
  put(*store, "/k", 1);
  CHECK(store->head() == 21);
}
