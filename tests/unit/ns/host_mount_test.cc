#include "ns/command.hh"
#include "ns/idmap.hh"
#include "ns/mount.hh"
#include "ns/overlay.hh"
#include "ns/squashfs.hh"

#include "host_fixture.hh"
#include <fcntl.h>
#include <sys/mount.h>

#include <thread>

using namespace engine;

namespace {

constexpr ns::IdRange kIds{.base = 700000, .count = 65536};

/// An image with one file `hello`, at `offset` bytes of `image.sqfs`.
ns::FileRegion make_image(const TestDirectory& dir, std::size_t offset = 0) {
  dir.write("tree/hello", "hello\n");
  dir.write("tree/bin/tool", "#!/bin/sh\n");
  ::chmod((dir.path() / "tree/bin/tool").c_str(), 04755);
  const auto plain = dir.path() / "plain.sqfs";
  REQUIRE_OK(ns::run_command({"mksquashfs",
                              (dir.path() / "tree").string(),
                              plain.string(),
                              "-all-root",
                              "-noappend",
                              "-no-progress",
                              "-quiet"}));
  if (offset == 0) return {.file = plain};
  const std::string bytes = content_of(plain);
  dir.write("image.sqfs", std::string(offset, 'x') + bytes + std::string(10000, 'y'));
  return {.file = dir.path() / "image.sqfs", .offset = offset, .size = bytes.size()};
}

std::string loop_behind(const std::filesystem::path& point) {
  const auto mounts = ns::mounts_under(point);
  REQUIRE_OK(mounts);
  REQUIRE(mounts->size() == 1);
  return mounts->front().source;
}

}  // namespace

TEST_CASE("ns/mount_table: reads lines with escapes and optional fields", "[ns]") {
  const auto mounts = ns::parse_mountinfo(
      "36 35 98:0 /mnt1 /mnt\\0402 rw,noatime master:1 shared:7 - ext3 /dev/root rw,errors=x\n"
      "37 35 0:5 / /proc rw - proc proc rw\n"
      "nonsense\n");
  REQUIRE(mounts.size() == 2);
  CHECK(mounts[0].point == "/mnt 2");
  CHECK(mounts[0].root == "/mnt1");
  CHECK(mounts[0].type == "ext3");
  CHECK(mounts[0].options == "rw,errors=x");
  CHECK(mounts[1].point == "/proc");
}

TEST_CASE("ns/mount_table: unmounts stacked and nested mounts, and nothing beside them", "[ns]") {
  const TestDirectory dir;
  const auto root = dir.make("root");
  const auto beside = dir.make("root-beside");
  for (const auto& at : {root, root, beside}) {
    REQUIRE(::mount("tmpfs", at.c_str(), "tmpfs", 0, "size=64k") == 0);
  }
  const auto inner = dir.make("root/a b/c");
  REQUIRE(::mount("tmpfs", inner.c_str(), "tmpfs", 0, "size=64k") == 0);
  const int busy = ::open(inner.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  REQUIRE_OK(ns::unmount_tree(root));
  ::close(busy);
  CHECK(ns::mounts_under(root)->empty());
  CHECK(*ns::is_mount_point(beside));
  REQUIRE_OK(ns::unmount_tree(root));
  REQUIRE_OK(ns::unmount_tree(dir.path() / "never/was"));
}

TEST_CASE("ns/mount: a bind shows shifted owners and cannot be written when read-only", "[ns]") {
  const TestDirectory dir;
  dir.write("source/file", "x");
  const auto target = dir.make("target");
  ns::UserNamespaces namespaces;
  const auto userns = namespaces.get(kIds);
  REQUIRE_OK(userns);
  CHECK(*namespaces.get(kIds) == *userns);
  const auto tree = ns::clone_tree(dir.path() / "source", {.read_only = true, .userns = *userns});
  REQUIRE_OK(tree);
  REQUIRE_OK(ns::attach(tree->get(), target));
  CHECK(owner_of(target / "file") == kIds.base);
  CHECK(::open((target / "file").c_str(), O_WRONLY | O_CLOEXEC) < 0);
  CHECK(errno == EROFS);
}

TEST_CASE("ns/idmap: 16 threads make namespaces at once and none hangs", "[ns]") {
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      if (ns::make_idmap_userns(kIds)) ++good;
    });
  }
  for (auto& thread : threads)
    thread.join();
  CHECK(good == 16);
}

TEST_CASE("ns/squashfs: mounts an image inside a larger file, idmapped", "[ns]") {
  const TestDirectory dir;
  const auto region = make_image(dir, 4096 + 512);
  const auto target = dir.make("target");
  const auto userns = ns::make_idmap_userns(kIds);
  REQUIRE_OK(userns);
  const auto mount = ns::mount_squashfs(region, userns->get());
  REQUIRE_OK(mount);
  REQUIRE_OK(ns::attach(mount->get(), target));
  CHECK(content_of(target / "hello") == "hello\n");
  CHECK(owner_of(target / "hello") == kIds.base);
  CHECK(*ns::squashfs_takes_idmap(region, userns->get()));
}

TEST_CASE("ns/squashfs: mounts of one image share a loop device, which ends with them", "[ns]") {
  const TestDirectory dir;
  const auto region = make_image(dir);
  const auto first = dir.make("first");
  const auto second = dir.make("second");
  const auto userns = ns::make_idmap_userns(kIds);
  REQUIRE_OK(ns::attach(ns::mount_squashfs(region, -1)->get(), first));
  REQUIRE_OK(ns::attach(ns::mount_squashfs(region, userns->get())->get(), second));
  const std::string device = loop_behind(first);
  CHECK(loop_behind(second) == device);
  REQUIRE_OK(ns::unmount_tree(first));
  REQUIRE_OK(ns::unmount_tree(second));
  // Autoclear runs a moment after the last unmount.
  const auto bound = "/sys/block/" + device.substr(5) + "/loop/backing_file";
  const auto deadline = Clock::now() + Milliseconds(10000);
  while (content_of(bound).starts_with(dir.path().string()) && Clock::now() < deadline) {
    std::this_thread::sleep_for(Milliseconds(5));
  }
  CHECK_FALSE(content_of(bound).starts_with(dir.path().string()));
}

TEST_CASE("ns/squashfs: refuses what is no image, cut off or missing", "[ns]") {
  const TestDirectory dir;
  const auto region = make_image(dir);
  dir.write("text", std::string(8192, 'a'));
  CHECK(ns::mount_squashfs({.file = dir.path() / "text"}, -1).error().code == Errc::disk_corrupted);
  CHECK(ns::mount_squashfs({.file = dir.path() / "none"}, -1).error().code == Errc::not_found);
  std::filesystem::copy(region.file, dir.path() / "cut");
  std::filesystem::resize_file(dir.path() / "cut", 200);
  CHECK(ns::mount_squashfs({.file = dir.path() / "cut"}, -1).error().code == Errc::disk_corrupted);
  CHECK_FALSE(ns::mount_squashfs({.file = region.file, .offset = 1UL << 40U}, -1).has_value());
}

TEST_CASE("ns/squashfs: unpacks shifted once per key, keeping set-user-id", "[ns]") {
  const TestDirectory dir;
  const auto region = make_image(dir, 4096);
  const auto cache = dir.path() / "cache";
  const auto tree = ns::unpack_shifted(region, cache, "abc", kIds);
  REQUIRE_OK(tree);
  CHECK(content_of(*tree / "hello") == "hello\n");
  CHECK(owner_of(*tree) == kIds.base);
  CHECK(owner_of(*tree / "bin/tool") == kIds.base);
  CHECK((std::filesystem::status(*tree / "bin/tool").permissions() &
         std::filesystem::perms::set_uid) != std::filesystem::perms::none);
  std::filesystem::remove(*tree / "hello");
  CHECK(*ns::unpack_shifted(region, cache, "abc", kIds) == *tree);
  CHECK_FALSE(std::filesystem::exists(*tree / "hello"));
  std::size_t entries = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(cache))
    ++entries;
  CHECK(entries == 1);
}

TEST_CASE("ns/overlay: writes go up, layers do not show in the mount table", "[ns]") {
  const TestDirectory dir;
  const auto region = make_image(dir);
  const auto lower = dir.make("lower");
  const auto target = dir.make("target");
  const auto userns = ns::make_idmap_userns(kIds);
  REQUIRE_OK(ns::attach(ns::mount_squashfs(region, userns->get())->get(), lower));
  const auto overlay = ns::make_overlay({.lower = lower,
                                         .upper = dir.path() / "upper",
                                         .work = dir.path() / "work",
                                         .owner = {kIds.base, kIds.base}});
  REQUIRE_OK(overlay);
  REQUIRE_OK(ns::attach(overlay->get(), target));
  REQUIRE_OK(ns::unmount_tree(lower));
  CHECK(content_of(target / "hello") == "hello\n");
  CHECK(owner_of(target) == kIds.base);
  CHECK(owner_of(target / "hello") == kIds.base);
  std::ofstream(target / "new") << "new";
  CHECK(content_of(dir.path() / "upper/new") == "new");
  const auto mounts = ns::mounts_under(target);
  REQUIRE(mounts->size() == 1);
  CHECK(mounts->front().options.find(dir.path().string()) == std::string::npos);
}

TEST_CASE("ns/overlay: an idmapped upper is refused instead of coming up read-only", "[ns]") {
  const TestDirectory dir;
  const auto lower = dir.make("lower");
  dir.make("disk");
  const auto mapped = dir.make("mapped");
  const auto userns = ns::make_idmap_userns(kIds);
  ::mkdir((dir.path() / "disk/upper").c_str(), 0755);
  ::mkdir((dir.path() / "disk/work").c_str(), 0755);
  const auto disk = ns::clone_tree(dir.path() / "disk", {.userns = userns->get()});
  REQUIRE_OK(disk);
  REQUIRE_OK(ns::attach(disk->get(), mapped));
  const auto overlay = ns::make_overlay({.lower = lower,
                                         .upper = mapped / "upper",
                                         .work = mapped / "work",
                                         .owner = {kIds.base, kIds.base}});
  CHECK_FALSE(overlay.has_value());
}
