#include "cli/tree_cache.hh"

#include "base/file.hh"
#include "json/reader.hh"

#include <catch2/catch.hpp>
#include <stdlib.h>

#include <filesystem>

namespace engine::cli {
namespace {

namespace fs = std::filesystem;

struct Folder {
  Folder() {
    std::string name = "/tmp/tree-cache-XXXXXX";
    path = ::mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path); }
  fs::path path;
};

const json::Value kTree = *json::parse(R"({"name":"moon-cli","subcommands":[{"name":"é\n"}]})");

std::size_t files_in(const fs::path& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

}  // namespace

TEST_CASE("cli: a kept tree is the tree, for the same scripts and the same key") {
  const Folder folder;
  const TreeCache cache(folder.path / "c", "key\n\"x\"");
  CHECK_FALSE(cache.load("f1"));
  cache.store("f1", 0, kTree);
  CHECK(cache.load("f1") == kTree);
  CHECK_FALSE(cache.load("f2"));
  CHECK_FALSE(TreeCache(folder.path / "c", "other").load("f1"));
  CHECK_FALSE(TreeCache({}, "key").load("f1"));
}

TEST_CASE("cli: a tree is not kept while its scripts are being changed") {
  const Folder folder;
  const TreeCache cache(folder.path / "c", "key");
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  cache.store("f1", std::int64_t{now.tv_sec} * 1'000'000'000, kTree);
  CHECK_FALSE(cache.load("f1"));
}

TEST_CASE("cli: few trees are kept, and nothing where nothing can be written") {
  const Folder folder;
  for (int i = 0; i < 40; ++i)
    TreeCache(folder.path / "c", std::to_string(i)).store("f", 0, kTree);
  CHECK(files_in(folder.path / "c") == 16);
  REQUIRE(write_file_atomic(folder.path / "file", "text"));
  const TreeCache cache(folder.path / "file", "key");
  cache.store("f", 0, kTree);
  CHECK_FALSE(cache.load("f"));
  CHECK(*read_file(folder.path / "file") == "text");
}

}  // namespace engine::cli
