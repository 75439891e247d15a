#include "archive/archive.hh"

#include "archive/extract.hh"
#include "archive/verify.hh"
#include "archive/writer.hh"
#include "base/file.hh"

#include "unit/archive/fault_info.hh"
#include "unit/archive/vectors.hh"
#include <catch2/catch.hpp>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

using namespace engine;
using archive::Archive;
using archive::Tree;

namespace {

std::shared_ptr<const Archive> written(const Tree& tree) {
  archive::MemorySink sink;
  REQUIRE(archive::write_archive(tree, archive::seal_with(vectors::key("shared-1")), sink));
  return Archive::open(std::make_shared<archive::MemorySource>(sink.take())).value();
}

struct TemporaryDirectory {
  std::filesystem::path path;
  TemporaryDirectory() {
    std::string name = "/tmp/archive_test.XXXXXX";
    path = ::mkdtemp(name.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path); }
};

std::size_t file_count(const std::filesystem::path& directory) {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator(directory), {}));
}

}  // namespace

TEST_CASE("archive/archive: lists, finds and reads", "[archive]") {
  const auto package = vectors::open("valid/21-base.s9pk");
  CHECK(package->list().value().size() == 3);
  CHECK(package->list("a/b").value().front().name == "c.txt");
  CHECK(package->find("a/one.bin").value().size == 100);
  CHECK(package->read_file("z.txt").value().size() == 10);
  for (const char* path : {"", "nothing", "a/nothing", "z.txt/x", "a//b", "/a", "a/", "../a"}) {
    INFO(path);
    CHECK(package->find(path).error().code == Errc::not_found);
  }
  CHECK(package->read_file("a").error().code == Errc::not_found);
  CHECK(package->list("z.txt").error().code == Errc::not_found);
}

TEST_CASE("archive/archive: reads no file larger than asked", "[archive]") {
  const auto package = vectors::open("valid/08-large-file.s9pk");
  CHECK(package->read_file("n1024", 1024));
  CHECK_FALSE(package->read_file("n1025", 1024));
}

TEST_CASE("archive/archive: missing entries keep hash and size but cannot be read", "[archive]") {
  const auto package = vectors::open("valid/12-package-one-file-missing.s9pk");
  const auto entry = package->find("assets.squashfs").value();
  CHECK(entry.type == archive::EntryType::missing);
  CHECK(entry.size == 504);
  const auto read = package->read_file("assets.squashfs");
  REQUIRE_FALSE(read);
  CHECK(read.error().message.find("left out") != std::string::npos);
}

TEST_CASE("archive/archive: gives nothing of a file whose hash is wrong", "[archive]") {
  const auto package = vectors::open("invalid/c-file-last-bit.s9pk");
  REQUIRE(package->read_file("manifest.json"));
  const auto read = package->read_file("a/b/c.txt");
  REQUIRE_FALSE(read);
  CHECK(read.error().code == Errc::validate_s9pk);
  CHECK(test::fault_info(read.error(), "stage") == "file");
}

TEST_CASE("archive/archive: extracts only what verifies", "[archive]") {
  const TemporaryDirectory directory;
  const auto target = directory.path / "out";
  const auto large = vectors::open("valid/08-large-file.s9pk");
  REQUIRE(archive::extract_file(*large, "big.bin", target, 0600, {.threads = 4}));
  CHECK(engine::read_file(target).value() == large->read_file("big.bin").value());
  const auto damaged = vectors::open("invalid/c-file-first-bit.s9pk");
  CHECK_FALSE(archive::extract_file(*damaged, "a/b/c.txt", target));
  CHECK(engine::read_file(target).value().size() == 3145728);
  CHECK(file_count(directory.path) == 1);
}

TEST_CASE("archive/archive: extraction replaces a link instead of following it", "[archive]") {
  const TemporaryDirectory directory;
  const auto outside = directory.path / "outside";
  REQUIRE(write_file_atomic(outside, "precious"));
  const auto target = directory.path / "out";
  std::filesystem::create_symlink(outside, target);
  REQUIRE(archive::extract_file(*vectors::open("valid/21-base.s9pk"), "z.txt", target));
  CHECK(engine::read_file(outside).value() == "precious");
  CHECK_FALSE(std::filesystem::is_symlink(target));
}

TEST_CASE("archive/archive: a file that shrinks after opening gives an error", "[archive]") {
  const TemporaryDirectory directory;
  const auto path = directory.path / "shrinking.s9pk";
  REQUIRE(write_file_atomic(path, vectors::content("valid/08-large-file.s9pk")));
  const auto package = Archive::open(archive::FileSource::open(path).value()).value();
  std::filesystem::resize_file(path, 4096);
  const auto verdict = archive::verify_all(*package, {.threads = 4});
  REQUIRE_FALSE(verdict);
  CHECK(verdict.error().code == Errc::parse_s9pk);
}

TEST_CASE("archive/archive: many threads may read one archive", "[archive]") {
  const auto package = vectors::open("valid/09-package.s9pk");
  std::atomic<int> failures{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (int round = 0; round < 20; ++round) {
          if (!package->read_file("images/x86_64/main.squashfs")) ++failures;
          if (!archive::verify_all(*package)) ++failures;
        }
      });
    }
  }
  CHECK(failures == 0);
}

TEST_CASE("archive/archive: nesting works to 64 levels and no further", "[archive]") {
  std::string path = "f";
  for (int i = 0; i < 64; ++i)
    path.insert(0, "d/");
  Tree deepest;
  REQUIRE(deepest.add_text(path, "bottom"));
  const auto package = written(deepest);
  CHECK(package->read_file(path).value() == "bottom");
  CHECK(archive::verify_all(*package).value().directories == 64);
  Tree too_deep;
  CHECK(too_deep.add_text("d/" + path, "below").error().code == Errc::pack);
}

TEST_CASE("archive/archive: stops counting at the limits", "[archive]") {
  Tree tree;
  for (int i = 0; i < 40; ++i)
    REQUIRE(tree.add_text("d" + std::to_string(i % 4) + "/" + std::to_string(i), "x"));
  archive::MemorySink sink;
  REQUIRE(archive::write_archive(tree, archive::seal_with(vectors::key("shared-1")), sink));
  const auto source = std::make_shared<archive::MemorySource>(sink.take());
  const auto verdict = [&](archive::Limits limits) {
    return archive::verify_all(*Archive::open(source, {.limits = limits}).value());
  };
  CHECK(verdict({.max_entries = 44}));
  CHECK_FALSE(verdict({.max_entries = 43}));
  CHECK_FALSE(verdict({.max_table = 100}));
  CHECK_FALSE(verdict({.max_all_tables = 1000}));
}

TEST_CASE("archive/verify: reports progress up to the total and can be stopped", "[archive]") {
  const auto package = vectors::open("valid/08-large-file.s9pk");
  std::uint64_t last = 0;
  std::uint64_t total = 0;
  bool rising = true;
  const auto report = archive::verify_all(
      *package, {.threads = 3, .progress = [&](std::uint64_t done, std::uint64_t all) {
                   rising = rising && done > last;
                   last = done;
                   total = all;
                 }});
  REQUIRE(report);
  CHECK(rising);
  CHECK(last == total);
  CHECK(total == report->bytes);
  std::stop_source stop;
  stop.request_stop();
  CHECK(archive::verify_all(*package, {.stop = stop.get_token()}).error().code == Errc::cancelled);
}

TEST_CASE("archive/verify: shared sections count once", "[archive]") {
  const auto report = archive::verify_all(*vectors::open("valid/14-shared-section.s9pk")).value();
  CHECK(report.files == 3);
  CHECK(report.bytes == 682 + 4);
}
