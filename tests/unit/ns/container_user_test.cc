#include "ns/in_root.hh"
#include "ns/user_lookup.hh"

#include "host_fixture.hh"
#include <fcntl.h>
#include <sys/stat.h>

using engine::Errc;
using engine::UniqueFd;
using engine::ns::find_user;

namespace {

struct Image {
  TestDirectory directory;
  UniqueFd root;
  Image() {
    directory.write("etc/passwd",
                    "root:x:0:0:root:/root:/bin/sh\n"
                    "broken line\n"
                    "web:x:1000:1000:Web,,,:/srv/web:/bin/sh\n");
    directory.write("etc/group", "root:x:0:\nweb:x:1000:\nlogs:x:2000:web,root\n");
    root.reset(::open(directory.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
};

}  // namespace

TEST_CASE("ns/user_lookup: finds users by name and number", "[ns]") {
  const Image image;
  const auto web = find_user(image.root.get(), "web");
  REQUIRE_OK(web);
  CHECK(web->uid == 1000);
  CHECK(web->gid == 1000);
  CHECK(web->home == "/srv/web");
  CHECK(web->groups == std::vector<gid_t>{2000});
  CHECK(find_user(image.root.get(), "1000")->name == "web");
  CHECK(find_user(image.root.get(), "")->name == "root");
}

TEST_CASE("ns/user_lookup: takes a group beside the user", "[ns]") {
  const Image image;
  CHECK(find_user(image.root.get(), "web:logs")->gid == 2000);
  CHECK(find_user(image.root.get(), "web:77")->gid == 77);
  CHECK(find_user(image.root.get(), "web:nobody").error().code == Errc::not_found);
}

TEST_CASE("ns/user_lookup: a number needs no entry, a name does", "[ns]") {
  const Image image;
  const auto number = find_user(image.root.get(), "4711");
  REQUIRE_OK(number);
  CHECK(number->uid == 4711);
  CHECK(number->gid == 0);
  const auto missing = find_user(image.root.get(), "nobody");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == Errc::not_found);
  CHECK(missing.error().message == "the image has no user 'nobody'");
}

TEST_CASE("ns/user_lookup: a link in the image does not lead to the host's names", "[ns]") {
  const TestDirectory directory;
  directory.make("etc");
  std::filesystem::create_symlink("/etc/hostname", directory.path() / "etc/passwd");
  std::filesystem::create_symlink("../../../../../../etc/hosts", directory.path() / "etc/group");
  const UniqueFd root(::open(directory.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  CHECK(find_user(root.get(), "daemon").error().code == Errc::not_found);
  CHECK(find_user(root.get(), "root")->uid == 0);
}

TEST_CASE("ns/in_root: a FIFO in place of a file is refused, not waited for", "[ns]") {
  const TestDirectory directory;
  directory.make("etc");
  REQUIRE(::mkfifo((directory.path() / "etc/passwd").c_str(), 0644) == 0);
  const UniqueFd root(::open(directory.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  CHECK(find_user(root.get(), "root").error().code == Errc::filesystem);
}

TEST_CASE("ns/in_root: absolute links start again at the root", "[ns]") {
  const TestDirectory directory;
  directory.make("run");
  directory.make("var");
  std::filesystem::create_symlink("/run", directory.path() / "var/run");
  const UniqueFd root(::open(directory.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  REQUIRE_OK(engine::ns::make_directories_in_root(root.get(), "/var/run/app/data"));
  CHECK(std::filesystem::is_directory(directory.path() / "run/app/data"));
  REQUIRE_OK(engine::ns::write_file_in_root(root.get(), "/var/run/app/x", "text"));
  CHECK(content_of(directory.path() / "run/app/x") == "text");
}
