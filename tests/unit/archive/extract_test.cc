#include "archive/extract.hh"

#include "archive/edit.hh"
#include "archive/fault.hh"
#include "archive/writer.hh"
#include "base/file.hh"

#include "support/archive_bombs.hh"
#include "support/temp_dir.hh"
#include "unit/archive/vectors.hh"
#include <catch2/catch.hpp>
#include <sys/stat.h>

#include <filesystem>
#include <functional>

using namespace engine;
using archive::Archive;
namespace fs = std::filesystem;

namespace {

std::shared_ptr<const Archive> open(Bytes bytes) {
  return Archive::open(std::make_shared<archive::MemorySource>(std::move(bytes))).value();
}

/// Does something else whenever it is read.
class MeddlingSource final : public archive::ByteSource {
 public:
  MeddlingSource(Bytes bytes, std::function<void()> meddle)
      : inner_(std::move(bytes)), meddle_(std::move(meddle)) {}
  [[nodiscard]] std::uint64_t size() const override { return inner_.size(); }
  Result<> read(std::uint64_t offset, MutableBytes into) const override {
    meddle_();
    return inner_.read(offset, into);
  }

 private:
  archive::MemorySource inner_;
  std::function<void()> meddle_;
};

/// Everything below `folder`, links not followed.
std::size_t count(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::recursive_directory_iterator(folder), {}));
}

}  // namespace

TEST_CASE("archive/extract: every valid vector is written as its index says", "[archive]") {
  for (const auto& vector : vectors::all()) {
    if (!vector.accept) continue;
    INFO(vector.file);
    const test::TempDir directory;
    const auto package = vectors::open(vector).value();
    const auto report = archive::extract_tree(*package, directory.path() / "out", {.threads = 2});
    REQUIRE(report);
    CHECK(count(directory.path() / "out") == report->files + report->directories);
    REQUIRE(package->walk([&](const std::string& path, const archive::Entry& entry) -> Result<> {
      const fs::path at = directory.path() / "out" / path;
      if (entry.type == archive::EntryType::missing) CHECK_FALSE(fs::exists(at));
      if (entry.type == archive::EntryType::file) {
        CHECK(crypto::blake3(as_bytes(read_file(at).value())) == entry.hash);
      }
      return {};
    }));
  }
}

TEST_CASE("archive/extract: nothing outside the folder is touched", "[archive]") {
  const test::TempDir directory;
  const fs::path out = directory.path() / "out";
  const auto package = vectors::open("valid/21-base.s9pk");
  // A link for the folder's own name would be followed by whoever made it; one in it never is.
  fs::create_directory(out);
  fs::create_directory(directory.path() / "elsewhere");
  fs::create_directory_symlink(directory.path() / "elsewhere", out / "a");
  CHECK(archive::extract_tree(*package, out).error().code == Errc::duplicate);
  CHECK(count(directory.path() / "elsewhere") == 0);
  fs::remove(out / "a");
  CHECK(archive::extract_tree(*package, out));
  CHECK(archive::extract_tree(*package, out).error().code == Errc::duplicate);
  CHECK_FALSE(archive::extract_tree(*package, directory.path() / "no" / "parent"));
}

TEST_CASE("archive/extract: names that lead elsewhere do not even open", "[archive]") {
  for (const char* file : {"invalid/h-dotdot-name.s9pk",
                           "invalid/h-slash-name.s9pk",
                           "invalid/h-duplicate-name.s9pk"}) {
    CHECK_FALSE(Archive::open(vectors::source(file)));
  }
}

TEST_CASE("archive/extract: names of devices and of the other case are plain files", "[archive]") {
  archive::Tree tree;
  for (const char* name : {"nul", "NUL", "con", "aux.txt", "Readme", "README", "C:\\x", "-rf", "~"})
    REQUIRE(tree.add_text(name, name));
  archive::MemorySink sink;
  REQUIRE(archive::write_archive(tree, archive::seal_with(vectors::key("shared-1")), sink));
  const auto package = open(sink.take());
  const test::TempDir directory;
  const fs::path out = directory.path() / "out";
  REQUIRE(archive::extract_tree(*package, out));
  CHECK(count(out) == 9);
  CHECK(read_file(out / "README").value() == "README");
  CHECK(read_file(out / "Readme").value() == "Readme");
}

TEST_CASE("archive/extract: what appears in the place of a file is neither replaced nor followed",
          "[archive]") {
  // As when two names are one to the file system, or somebody puts a link there meanwhile.
  for (const bool link : {false, true}) {
    for (const char* name : {"b", "d/c"}) {
      archive::Tree tree;
      REQUIRE(tree.add_text("a", "first"));
      REQUIRE(tree.add_text(name, "second"));
      archive::MemorySink sink;
      REQUIRE(archive::write_archive(tree, archive::seal_with(vectors::key("shared-1")), sink));
      const test::TempDir directory;
      const fs::path out = directory.path() / "out";
      const fs::path outside = directory.path() / "outside";
      const fs::path taken = out / fs::path(name).begin()->string();
      const auto source = std::make_shared<const MeddlingSource>(sink.take(), [&] {
        if (!fs::exists(out / "a") || fs::exists(fs::symlink_status(taken))) return;
        if (link) return fs::create_symlink(outside, taken);
        REQUIRE(write_file_atomic(taken, "theirs"));
      });
      const auto package = Archive::open(source).value();
      const auto report = archive::extract_tree(*package, out);
      REQUIRE_FALSE(report);
      CHECK(report.error().code == Errc::duplicate);
      CHECK_FALSE(fs::exists(outside));
      if (!link) CHECK(read_file(taken).value() == "theirs");
      CHECK_FALSE(fs::exists(out / "a"));  // what is theirs stays, what was written goes
    }
  }
}

TEST_CASE("archive/extract: a name that is too long for the disk is an error", "[archive]") {
  archive::Tree tree;
  REQUIRE(tree.add_text(std::string(300, 'n'), "x"));
  archive::MemorySink sink;
  REQUIRE(archive::write_archive(tree, archive::seal_with(vectors::key("shared-1")), sink));
  const test::TempDir directory;
  CHECK_FALSE(archive::extract_tree(*open(sink.take()), directory.path() / "out"));
  CHECK_FALSE(fs::exists(directory.path() / "out"));
}

TEST_CASE("archive/extract: whole folders are taken back when a later file fails", "[archive]") {
  archive::Tree tree;
  REQUIRE(tree.add_text("a/b/c", "first"));
  REQUIRE(tree.add_text("a/d", "second"));
  REQUIRE(tree.add_text("z", "damaged below"));
  archive::MemorySink sink;
  REQUIRE(archive::write_archive(tree, archive::seal_with(vectors::key("shared-1")), sink));
  Bytes bytes = sink.take();
  const auto whole = Archive::open(std::make_shared<archive::MemorySource>(bytes)).value();
  const std::uint64_t position = whole->find("z")->position;
  bytes[position] ^= std::byte{1};
  const auto damaged = Archive::open(std::make_shared<archive::MemorySource>(bytes)).value();
  const test::TempDir directory;
  CHECK(archive::extract_tree(*damaged, directory.path() / "out").error().code ==
        Errc::validate_s9pk);
  CHECK_FALSE(fs::exists(directory.path() / "out"));
}

TEST_CASE("archive/extract: nothing of what fails stays, and bombs are not unpacked", "[archive]") {
  const test::TempDir directory;
  const auto damaged = Archive::open(vectors::source("invalid/c-file-last-bit.s9pk")).value();
  CHECK_FALSE(archive::extract_tree(*damaged, directory.path() / "out"));
  CHECK_FALSE(fs::exists(directory.path() / "out"));
  fs::create_directory(directory.path() / "mine");
  CHECK_FALSE(archive::extract_tree(*damaged, directory.path() / "mine"));
  CHECK(fs::is_empty(directory.path() / "mine"));
  for (const test::Bomb& bomb : test::archive_bombs()) {
    INFO(bomb.name);
    const auto opened = Archive::open(std::make_shared<archive::MemorySource>(bomb.bytes));
    if (!opened) continue;
    CHECK_FALSE(archive::extract_tree(**opened, directory.path() / "bomb"));
    CHECK_FALSE(fs::exists(directory.path() / "bomb"));
  }
}
