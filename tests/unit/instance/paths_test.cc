#include "instance/paths.hh"

#include "base/file.hh"

#include "support/temp_dir.hh"
#include <catch2/catch.hpp>

using engine::Errc;
namespace instance = engine::instance;
namespace fs = std::filesystem;

namespace {

void touch(const fs::path& file, std::string_view content = "") {
  fs::create_directories(file.parent_path());
  REQUIRE(engine::write_file_atomic(file, content));
}

}  // namespace

TEST_CASE("instance/paths: the default instance lies in the data directory itself") {
  const auto paths = instance::resolve_paths("/srv/box/", std::nullopt);
  REQUIRE(paths);
  CHECK(paths->base == "/srv/box");
  CHECK(paths->data == "/srv/box");
  CHECK(paths->socket == "/srv/box/daemon/daemon.sock");
  CHECK(paths->lock == "/srv/box/daemon/daemon.lock");
  CHECK(paths->pid == "/srv/box/daemon/daemon.pid");
  CHECK(paths->overlay() == "/srv/box/scripts");
  CHECK(paths->daemon_log() == "/srv/box/logs/daemon.log");
}

TEST_CASE("instance/paths: a named instance has data and socket of its own") {
  const auto paths = instance::resolve_paths("/srv/box", "demo_2");
  REQUIRE(paths);
  CHECK(paths->base == "/srv/box");
  CHECK(paths->data == "/srv/box/instances/demo_2");
  CHECK(paths->socket == "/srv/box/daemon/daemon-demo_2.sock");
  CHECK(instance::resolve_paths("/srv/box", "default")->data == "/srv/box");
}

TEST_CASE("instance/paths: a relative data directory becomes absolute") {
  CHECK(instance::resolve_paths("box", std::nullopt)->base == fs::current_path() / "box");
}

TEST_CASE("instance/paths: instance names that could leave their folder are refused") {
  for (const char* name : {"", "-x", "../x", "a/b", "a b", "ü", "a.b"}) {
    INFO(name);
    const auto paths = instance::resolve_paths("/srv/box", name);
    REQUIRE_FALSE(paths);
    CHECK(paths.error().code == Errc::usage);
    CHECK_FALSE(paths.error().hint.empty());
  }
  CHECK(instance::check_instance_name(std::string(64, 'a')));
  CHECK_FALSE(instance::check_instance_name(std::string(65, 'a')));
}

TEST_CASE("instance/paths: a socket path the kernel cannot take is refused") {
  const auto paths = instance::resolve_paths("/" + std::string(100, 'd'), std::nullopt);
  REQUIRE_FALSE(paths);
  CHECK(paths.error().code == Errc::data_dir_unusable);
}

TEST_CASE("instance/paths: scripts are found beside a build tree's source") {
  const engine::test::TempDir root;
  touch(root.path() / "src/scripts/core/init.lua");
  touch(root.path() / "out/CMakeCache.txt",
        "# x\nCMAKE_HOME_DIRECTORY:INTERNAL=" + (root.path() / "src").string() + "\nA:B=c\n");
  const auto found = instance::find_scripts(std::nullopt, root.path() / "out/bin/moonbox");
  REQUIRE(found);
  CHECK(*found == root.path() / "src/scripts");
}

TEST_CASE("instance/paths: scripts are found under the prefix of an installed program") {
  const engine::test::TempDir root;
  touch(root.path() / "share/moonbox/scripts/core/init.lua");
  const auto found = instance::find_scripts(std::nullopt, root.path() / "bin/moonbox");
  REQUIRE(found);
  CHECK(*found == root.path() / "share/moonbox/scripts");
}

TEST_CASE("instance/paths: scripts asked for must be there") {
  const engine::test::TempDir root;
  touch(root.path() / "mine/core/init.lua");
  CHECK(*instance::find_scripts((root.path() / "mine").string()) == root.path() / "mine");
  const auto missing = instance::find_scripts((root.path() / "none").string());
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == Errc::usage);
  const auto nowhere = instance::find_scripts(std::nullopt, root.path() / "bin/moonbox");
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.error().code == Errc::not_found);
}
