#include "lxc/inside.hh"
#include "ns/command.hh"

#include "container_fixture.hh"
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

using namespace engine;
namespace fs = std::filesystem;

namespace {

/// A squashfs with one file `init.lua`, behind `offset` bytes of something else.
ns::FileRegion make_package(const ContainerHost& host, std::size_t offset) {
  const auto tree = host.path() / "package";
  fs::create_directories(tree);
  std::ofstream(tree / "init.lua") << "return {}\n";
  const auto plain = host.path() / "package.sqfs";
  REQUIRE_OK(ns::run_command(
      {"mksquashfs", tree, plain, "-all-root", "-noappend", "-quiet", "-no-progress"}));
  const auto archive = host.path() / "package.s9pk";
  std::ofstream(archive) << std::string(offset, 'h') << content_of(plain) << "tail";
  return {.file = archive, .offset = offset, .size = fs::file_size(plain)};
}

}  // namespace

TEST_CASE("lxc/root: package code mounted while it runs is read-only for good", "[lxc]") {
  ContainerHost host;
  const auto spec = host.spec("package");
  const auto running = host.up(spec);
  const auto package = make_package(host, 4096);
  const fs::path target = "usr/lib/startos/package";
  REQUIRE_OK(lxc::mount_image(spec, host.namespaces(), package, "key", target));
  CHECK(inside(running, "cat /usr/lib/startos/package/init.lua") == "return {}");
  CHECK(inside(running, "stat -c %u /usr/lib/startos/package/init.lua") == "0");
  CHECK(inside(running, "echo x >/usr/lib/startos/package/x").find("Read-only") !=
        std::string::npos);
  CHECK(inside(running,
               "mount -o remount,rw,bind /usr/lib/startos/package; "
               "echo x >/usr/lib/startos/package/x && echo written")
            .find("written") == std::string::npos);
  const auto twice = lxc::mount_image(spec, host.namespaces(), package, "key", target);
  REQUIRE_FALSE(twice.has_value());
  CHECK(twice.error().code == Errc::duplicate);
  REQUIRE_OK(lxc::unmount(spec, target));
  CHECK(inside(running, "ls /usr/lib/startos/package") == "");
  REQUIRE_OK(lxc::unmount(spec, target));
}

TEST_CASE("lxc/root: a read-only bind cannot be written through any other way", "[lxc]") {
  ContainerHost host;
  const auto spec = host.spec("backup");
  const auto running = host.up(spec);
  const auto source = host.path() / "source";
  fs::create_directories(source);
  std::ofstream(source / "file") << "kept\n";
  REQUIRE_OK(lxc::mount_directory(spec, host.namespaces(), source, "media/startos/backup", true));
  for (const char* attempt :
       {"echo x >/media/startos/backup/file",
        "mount -o remount,rw,bind /media/startos/backup && "
        "echo x >/media/startos/backup/file",
        "mkdir /b && mount --bind /media/startos/backup /b && mount -o remount,rw,bind /b; "
        "echo x >/b/file"}) {
    CHECK_FALSE(inside(running, attempt) == "");
    CHECK(content_of(source / "file") == "kept\n");
  }
}

TEST_CASE("lxc/root: a volume is writable inside and owned by the host's root outside", "[lxc]") {
  ContainerHost host;
  const auto spec = host.spec("volume");
  const auto volume = host.path() / "volume";
  fs::create_directories(volume);
  REQUIRE_OK(lxc::prepare_root(spec, host.namespaces()));
  REQUIRE_OK(
      lxc::mount_directory(spec, host.namespaces(), volume, "media/startos/volumes/before", false));
  const auto started = lxc::start(spec, host.helper());
  REQUIRE_OK(started);
  REQUIRE_OK(
      lxc::mount_directory(spec, host.namespaces(), volume, "media/startos/volumes/after", false));
  CHECK(inside(*started,
               "echo data >/media/startos/volumes/before/file; "
               "chown 7 /media/startos/volumes/before/file; "
               "stat -c %u /media/startos/volumes/after/file") == "7");
  struct stat info {};
  REQUIRE(::stat((volume / "file").c_str(), &info) == 0);
  CHECK(info.st_uid == 7);
  CHECK(content_of(volume / "file") == "data\n");
  REQUIRE_OK(lxc::teardown(spec, Milliseconds(10'000)));
  CHECK(host.remains(spec) == "");
  CHECK(content_of(volume / "file") == "data\n");
}

TEST_CASE("lxc/root: a link planted by the container does not lead the host astray", "[lxc]") {
  ContainerHost host;
  const auto spec = host.spec("hostile");
  const auto running = host.up(spec);
  const auto outside = host.path() / "outside";
  fs::create_directories(outside / "volumes");
  inside(running,
         fmt::format("rm -r /media/startos/volumes; ln -s {} /media/startos/volumes; "
                     "ln -sf {}/file /etc/victim",
                     (outside / "volumes").string(),
                     outside.string()));
  const auto mounted = lxc::mount_directory(
      spec, host.namespaces(), host.path() / "images", "media/startos/volumes/main", false);
  REQUIRE_FALSE(mounted.has_value());
  CHECK(mounted.error().code == Errc::permission_denied);
  CHECK(fs::is_empty(outside / "volumes"));
  REQUIRE_OK(lxc::write_file(spec, "etc/victim", "mine"));
  CHECK_FALSE(fs::exists(outside / "file"));
  CHECK_FALSE(lxc::unmount(spec, "media/startos/volumes/main").has_value());
}

TEST_CASE("lxc/root: an unpacked image serves where squashfs takes no idmap", "[lxc]") {
  ContainerHost host;
  auto spec = host.spec("unpacked");
  spec.unpack = true;
  auto running = host.up(spec);
  const auto package = make_package(host, 4096);
  REQUIRE_OK(lxc::mount_image(spec, host.namespaces(), package, "pkg", "usr/lib/startos/package"));
  CHECK(inside(running, "stat -c %u /bin/busybox /usr/lib/startos/package/init.lua") == "0\n0");
  CHECK(inside(running, "echo x >/usr/lib/startos/package/init.lua").find("Read-only") !=
        std::string::npos);
  REQUIRE_OK(lxc::teardown(spec, Milliseconds(10'000)));
  CHECK(host.remains(spec) == "");
}

TEST_CASE("lxc/root: what a killed preparation left is built over", "[lxc]") {
  ContainerHost host;
  const auto spec = host.spec("again");
  REQUIRE_OK(lxc::prepare_root(spec, host.namespaces()));
  REQUIRE_OK(lxc::mount_directory(
      spec, host.namespaces(), host.path() / "images", "media/startos/backup", true));
  REQUIRE_OK(lxc::write_file(spec, "etc/stale", "old"));
  REQUIRE_OK(lxc::prepare_root(spec, host.namespaces()));
  CHECK_FALSE(fs::exists(spec.root() / "etc/stale"));
  CHECK(fs::is_empty(spec.root() / "media/startos/backup"));
  const auto running = host.up(spec);
  CHECK(inside(running, "echo alive") == "alive");
}

TEST_CASE("lxc/root: says which directory keeps a container out", "[lxc]") {
  ContainerHost host;
  auto spec = host.spec("closed");
  fs::create_directories(host.path() / "locked");
  ::chmod((host.path() / "locked").c_str(), 0700);
  spec.run_dir = host.path() / "locked/run";
  const auto prepared = lxc::prepare_root(spec, host.namespaces());
  REQUIRE_FALSE(prepared.has_value());
  CHECK(prepared.error().code == Errc::permission_denied);
  CHECK(prepared.error().hint == "chmod o+x " + (host.path() / "locked").string());
}

TEST_CASE("lxc/inside: a subcontainer root is writable over its image and goes when told",
          "[lxc]") {
  ContainerHost host;
  const auto spec = host.spec("sub");
  const auto running = host.up(spec);
  const auto missing = lxc::make_subcontainer_root(spec, "main", "guid-1");
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().code == Errc::not_found);
  REQUIRE_OK(lxc::mount_image(
      spec, host.namespaces(), make_package(host, 4096), "image", "media/startos/images/main"));
  const auto made = lxc::make_subcontainer_root(spec, "main", "guid-1");
  REQUIRE_OK(made);
  CHECK(*made == "/media/startos/subcontainers/guid-1");
  CHECK(inside(running,
               "cd " + made->string() +
                   " && echo x >new && rm init.lua && chown 1000 new && ls && "
                   "stat -c %u new .") == "new\n1000\n0");
  CHECK(inside(running, "ls /media/startos/images/main") == "init.lua");
  const auto second = lxc::make_subcontainer_root(spec, "main", "guid-2");
  REQUIRE_OK(second);
  CHECK(inside(running, "ls " + second->string()) == "init.lua");
  REQUIRE_OK(lxc::remove_subcontainer_root(spec, "guid-1"));
  REQUIRE_OK(lxc::remove_subcontainer_root(spec, "guid-1"));
  CHECK(inside(running, "ls /media/startos/subcontainers") == "guid-2");
  CHECK_FALSE(fs::exists(spec.state_dir / "subcontainers/guid-1"));
  CHECK_FALSE(lxc::make_subcontainer_root(spec, "main", "../../x").has_value());
  REQUIRE_OK(lxc::teardown(spec, Milliseconds(10'000)));
  CHECK(host.remains(spec) == "");
}

TEST_CASE("lxc/root: a teardown needs only name and places", "[lxc]") {
  ContainerHost host;
  const auto spec = host.spec("bare");
  host.up(spec);
  lxc::ContainerSpec bare;
  bare.name = spec.name;
  bare.lxcpath = spec.lxcpath;
  bare.run_dir = spec.run_dir;
  bare.state_dir = spec.state_dir;
  bare.cgroup_slice = spec.cgroup_slice;
  REQUIRE_OK(lxc::teardown(bare, Milliseconds(10'000)));
  CHECK(host.remains(spec) == "");
}
