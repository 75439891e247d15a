#include "base/file.hh"

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

using namespace engine;
namespace fs = std::filesystem;

namespace {

struct ScratchDirectory {
  ScratchDirectory() {
    std::string name = (fs::temp_directory_path() / "moonbox-file-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~ScratchDirectory() { fs::remove_all(path); }
  fs::path path;
};

}  // namespace

TEST_CASE("base/file: an atomic write replaces the file and leaves nothing else", "[base]") {
  const ScratchDirectory scratch;
  const fs::path file = scratch.path / "a";
  REQUIRE(write_file_atomic(file, "one"));
  REQUIRE(write_file_atomic(file, "two", 0600));
  CHECK(read_file(file).value() == "two");
  struct stat info {};
  REQUIRE(::stat(file.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0600);
  CHECK(std::distance(fs::directory_iterator(scratch.path), fs::directory_iterator()) == 1);
}

TEST_CASE("base/file: a write that fails keeps the old content", "[base]") {
  const ScratchDirectory scratch;
  const fs::path directory = scratch.path / "a";
  fs::create_directory(directory);
  CHECK_FALSE(write_file_atomic(directory, "one"));
  CHECK(fs::is_directory(directory));
  CHECK(std::distance(fs::directory_iterator(scratch.path), fs::directory_iterator()) == 1);
}

TEST_CASE("base/file: reading says what is wrong with a path", "[base]") {
  const ScratchDirectory scratch;
  CHECK(read_file(scratch.path / "none").error().code == Errc::not_found);
  CHECK(read_file(scratch.path).error().code == Errc::filesystem);
  REQUIRE(write_file_atomic(scratch.path / "big", std::string(100, 'x')));
  CHECK(read_file(scratch.path / "big", 99).error().code == Errc::filesystem);
  CHECK(read_file(scratch.path / "big", 100).value().size() == 100);
}

TEST_CASE("base/file: what a dead process was writing is no obstacle and goes", "[base]") {
  const ScratchDirectory scratch;
  const auto left_by = [&](const std::string& process) {
    const auto path = scratch.path / ("a.tmp" + process + ".0");
    std::ofstream(path) << "half";
    return path;
  };
  const std::string own = std::to_string(::getpid());
  // A process that is its parent's only one in a namespace gets the same number each time.
  for (int i = 0; i < 2000; ++i)
    std::ofstream(scratch.path / ("a.tmp" + own + "." + std::to_string(i))) << "half";
  REQUIRE(write_file_atomic(scratch.path / "a", "whole"));
  CHECK(read_file(scratch.path / "a").value() == "whole");

  const auto dead = left_by("4194304");
  const auto ours = left_by(own);
  const auto alive = left_by("1");
  const auto name = scratch.path / "a.tmp.tmpx.1";
  std::ofstream(name) << "mine";
  engine::remove_stale_temporaries(scratch.path);
  CHECK_FALSE(std::filesystem::exists(dead));
  CHECK_FALSE(std::filesystem::exists(ours));
  CHECK(std::filesystem::exists(alive));
  CHECK(std::filesystem::exists(name));
  CHECK(std::filesystem::exists(scratch.path / "a"));
  engine::remove_stale_temporaries(scratch.path / "not there");
}
