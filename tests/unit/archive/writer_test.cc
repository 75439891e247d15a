#include "archive/writer.hh"

#include "archive/edit.hh"
#include "archive/level.hh"
#include "base/file.hh"

#include "unit/archive/vectors.hh"
#include <catch2/catch.hpp>

#include <filesystem>

using namespace engine;
using archive::Archive;
using archive::Order;
using archive::Tree;

namespace {

/// Whether writing the content of `file` again gives the same bytes. Not their text: a failing
/// comparison of packages is unreadable.
bool reproduces(const std::string& file, const std::string& key, Order order) {
  const Tree tree = archive::copy_tree(vectors::open(file)).value();
  archive::MemorySink sink;
  REQUIRE(archive::write_archive(
      tree, archive::seal_with(vectors::key(key)), sink, {.order = order, .threads = 2}));
  return as_text(sink.bytes()) == vectors::content(file);
}

}  // namespace

TEST_CASE("archive/writer: writes the vectors again, byte for byte", "[archive]") {
  // Not among them: arbitrary row order (13), shared sections (14), bytes after the end (16).
  for (const char* file : {"valid/01-one-file.s9pk",
                           "valid/02-nested-dirs.s9pk",
                           "valid/03-empty-dir-and-file.s9pk",
                           "valid/04-many-entries.s9pk",
                           "valid/05-unicode-names.s9pk",
                           "valid/06-unicode-astral-order.s9pk",
                           "valid/07-js-hostile-names.s9pk",
                           "valid/08-large-file.s9pk",
                           "valid/09-package.s9pk",
                           "valid/15-slack-maxsize.s9pk",
                           "valid/21-base.s9pk"}) {
    INFO(file);
    CHECK(reproduces(file, "shared-1", Order::name));
  }
  CHECK(reproduces("valid/17-resigned.s9pk", "shared-2", Order::name));
}

TEST_CASE("archive/writer: priority order puts the manifest before large parts", "[archive]") {
  CHECK(reproduces("valid/10-package-priority-order.s9pk", "shared-1", Order::priority));
  CHECK(reproduces("valid/11-package-filtered-x86_64.s9pk", "shared-1", Order::priority));
  CHECK(reproduces("valid/12-package-one-file-missing.s9pk", "shared-1", Order::priority));
}

TEST_CASE("archive/writer: what it writes passes and reads back", "[archive]") {
  Tree tree;
  const std::string large(9U << 20U, 'L');
  REQUIRE(tree.add_text("manifest.json", "{}"));
  REQUIRE(tree.add_text("lua.squashfs", large));
  REQUIRE(tree.add_text("images/x86_64/main.env", ""));
  REQUIRE(tree.add_directory("empty"));
  archive::MemorySink sink;
  std::uint64_t last = 0;
  const auto commitment = archive::write_archive(
      tree,
      archive::seal_with(crypto::SigningKey::generate()),
      sink,
      {.threads = 4, .progress = [&](std::uint64_t done, std::uint64_t) { last = done; }});
  REQUIRE(commitment);
  CHECK(last == large.size() + 2);
  const auto opened = Archive::open(std::make_shared<archive::MemorySource>(sink.take()),
                                    {.commitment = *commitment});
  REQUIRE(opened);
  CHECK((*opened)->read_file("lua.squashfs").value() == large);
  CHECK(archive::check(**opened, {.level = archive::Level::open}));
}

TEST_CASE("archive/writer: a failed write leaves neither file nor remains", "[archive]") {
  const auto directory =
      std::filesystem::temp_directory_path() / ("writer_test." + std::to_string(::getpid()));
  std::filesystem::create_directory(directory);
  const auto source_path = directory / "source";
  REQUIRE(write_file_atomic(source_path, std::string(1U << 20U, 's')));
  Tree tree;
  REQUIRE(tree.add_file("f", archive::FileSource::open(source_path).value()));
  std::filesystem::resize_file(source_path, 10);
  const auto key = crypto::SigningKey::generate();
  CHECK_FALSE(archive::write_archive_file(tree, archive::seal_with(key), directory / "out.s9pk"));
  CHECK(std::distance(std::filesystem::directory_iterator(directory), {}) == 1);
  Tree good;
  REQUIRE(good.add_file("f", archive::FileSource::open(source_path).value()));
  CHECK(archive::write_archive_file(good, archive::seal_with(key), directory / "out.s9pk"));
  CHECK(Archive::open(archive::FileSource::open(directory / "out.s9pk").value()));
  std::filesystem::remove_all(directory);
}

TEST_CASE("archive/writer: refuses paths a package cannot hold", "[archive]") {
  Tree tree;
  REQUIRE(tree.add_text("a/b", "x"));
  for (const char* path : {"", "/x", "x/", "a//c", "../x", "a/./c", "a/b", "a/b/c", "a"}) {
    INFO(path);
    CHECK(tree.add_text(path, "y").error().code == Errc::pack);
  }
}
