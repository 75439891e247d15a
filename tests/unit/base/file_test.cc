#include "base/file.hh"

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <unistd.h>

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
