#include "ns/copy_tree.hh"

#include "host_fixture.hh"
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace fs = std::filesystem;
using engine::ns::copy_tree;
using engine::ns::CopyProgress;

namespace {

struct stat status_of(const fs::path& path) {
  struct stat status {};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status;
}

}  // namespace

TEST_CASE("ns/copy_tree: keeps content, modes, owners, times, links", "[ns]") {
  const TestDirectory directory;
  const auto from = directory.make("from");
  directory.write("from/a/page.html", std::string(3'000'000, 'x'));
  directory.write("from/secret", "s");
  ::chmod((from / "secret").c_str(), 0600);
  REQUIRE(::chown((from / "secret").c_str(), 1234, 5678) == 0);
  fs::create_symlink("a/page.html", from / "link");
  fs::create_symlink("/nowhere/at/all", from / "dangling");
  fs::create_hard_link(from / "secret", from / "same");
  ::setxattr((from / "secret").c_str(), "user.note", "kept", 4, 0);
  const timespec times[2] = {{1'000'000'000, 5}, {1'100'000'000, 123'456'789}};
  ::utimensat(AT_FDCWD, (from / "a").c_str(), times, 0);

  const auto to = directory.path() / "deep/to";
  CopyProgress last;
  const auto done = copy_tree(from, to, [&](const CopyProgress& now) { last = now; });
  REQUIRE_OK(done);
  CHECK(done->files == 5);
  CHECK(done->total_bytes == 3'000'002);
  CHECK(last.bytes == 3'000'001);

  CHECK(content_of(to / "a/page.html") == std::string(3'000'000, 'x'));
  CHECK((status_of(to / "secret").st_mode & 07777U) == 0600);
  CHECK(status_of(to / "secret").st_uid == 1234);
  CHECK(status_of(to / "secret").st_gid == 5678);
  CHECK(status_of(to / "secret").st_ino == status_of(to / "same").st_ino);
  CHECK(fs::read_symlink(to / "link") == "a/page.html");
  CHECK(fs::read_symlink(to / "dangling") == "/nowhere/at/all");
  CHECK(status_of(to / "a").st_mtim.tv_sec == 1'100'000'000);
  CHECK(status_of(to / "a").st_mtim.tv_nsec == 123'456'789);
  char note[8] = {};
  CHECK(::getxattr((to / "secret").c_str(), "user.note", note, sizeof note) == 4);
}

TEST_CASE("ns/copy_tree: removes what the source does not have", "[ns]") {
  const TestDirectory directory;
  const auto from = directory.make("from");
  directory.write("from/kept", "new");
  directory.write("from/turned/inside", "directory now");
  const auto to = directory.make("to");
  directory.write("to/kept", "old and longer");
  directory.write("to/extra/deep/file", "x");
  directory.write("to/turned", "was a file");
  const auto outside = directory.write("outside", "untouched");
  fs::create_symlink(outside, to / "way-out");

  REQUIRE_OK(copy_tree(from, to, {}));
  CHECK(content_of(to / "kept") == "new");
  CHECK(content_of(to / "turned/inside") == "directory now");
  CHECK_FALSE(fs::exists(to / "extra"));
  CHECK_FALSE(fs::exists(fs::symlink_status(to / "way-out")));
  CHECK(content_of(outside) == "untouched");
}

TEST_CASE("ns/copy_tree: a missing source is an error and nothing is made", "[ns]") {
  const TestDirectory directory;
  const auto done = copy_tree(directory.path() / "none", directory.path() / "to", {});
  REQUIRE_FALSE(done);
  CHECK(done.error().code == engine::Errc::not_found);
  CHECK_FALSE(fs::exists(directory.path() / "to"));
}
