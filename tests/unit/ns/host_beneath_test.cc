#include "base/file.hh"
#include "ns/beneath.hh"

#include "host_fixture.hh"
#include <fcntl.h>

using namespace engine;

namespace {

UniqueFd open_root(const TestDirectory& dir) {
  return UniqueFd(::open(dir.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

}  // namespace

TEST_CASE("ns/beneath: makes directories and files for their owner", "[ns]") {
  const TestDirectory dir;
  const UniqueFd root = open_root(dir);
  REQUIRE_OK(ns::make_directories_beneath(root.get(), "a/b/c", {5, 6}));
  CHECK(owner_of(dir.path() / "a/b/c") == 5);
  REQUIRE_OK(ns::write_file_beneath(root.get(), "a/d/file", "one", {5, 6}, 0600));
  REQUIRE_OK(ns::write_file_beneath(root.get(), "a/d/file", "two", {5, 6}, 0600));
  CHECK(content_of(dir.path() / "a/d/file") == "two");
}

TEST_CASE("ns/beneath: follows no link and leaves by no dots", "[ns]") {
  const TestDirectory dir;
  const TestDirectory outside;
  const UniqueFd root = open_root(dir);
  std::filesystem::create_symlink(outside.path(), dir.path() / "out");
  std::filesystem::create_symlink("/etc/passwd", dir.path() / "file");
  const auto through = ns::make_directories_beneath(root.get(), "out/x", {0, 0});
  REQUIRE_FALSE(through.has_value());
  CHECK(through.error().code == Errc::permission_denied);
  CHECK_FALSE(ns::make_directories_beneath(root.get(), "../x", {0, 0}).has_value());
  CHECK_FALSE(ns::open_beneath(root.get(), "/etc", O_PATH).has_value());
  // A link in the last place is replaced, not written through.
  REQUIRE_OK(ns::write_file_beneath(root.get(), "file", "mine", {0, 0}));
  CHECK_FALSE(std::filesystem::is_symlink(dir.path() / "file"));
  CHECK(std::filesystem::is_empty(outside.path()));
}
