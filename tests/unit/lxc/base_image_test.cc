#include "lxc/config.hh"
#include "lxc/content_key.hh"
#include "ns/command.hh"
#include "ns/squashfs.hh"

#include "container_fixture.hh"
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

using namespace engine;
namespace fs = std::filesystem;

namespace {

struct Scratch {
  Scratch() {
    std::string pattern = "/tmp/moonbox-image-XXXXXX";
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path = pattern;
    fs::create_directories(path / "lib");
    std::ofstream(path / "lib/a.lua") << "return 1\n";
    std::ofstream(path / "runtime") << "#!/bin/sh\n";
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { fs::remove_all(path); }

  [[nodiscard]] lxc::BaseImageInputs inputs() const {
    return {.busybox = "/bin/busybox",
            .runtime = path / "runtime",
            .files = {{path / "lib", "usr/lib/moonbox/scripts/lib", false}}};
  }
  fs::path path;
};

bool has(const lxc::ConfigItems& items, const std::string& key, const std::string& value) {
  return std::find(items.begin(), items.end(), std::pair{key, value}) != items.end();
}

}  // namespace

TEST_CASE("lxc/base_image: holds busybox, the runtime, scripts and mount points", "[lxc]") {
  const Scratch scratch;
  const auto image = lxc::build_base_image(scratch.path / "images", scratch.inputs());
  REQUIRE_OK(image);
  CHECK(image->built);
  const auto list = ns::run_command({"unsquashfs", "-lln", image->file.string()});
  REQUIRE_OK(list);
  for (const char* expected : {"/bin/busybox",
                               "/bin/sh -> /bin/busybox",
                               "/usr/bin/moon-container",
                               "/usr/lib/moonbox/scripts/lib/a.lua",
                               "/etc/passwd",
                               "/media/startos/rpc",
                               "/usr/lib/startos/package",
                               "/proc",
                               "/dev",
                               "drwxrwxrwt 0/0"}) {
    INFO(expected);
    CHECK(list->find(expected) != std::string::npos);
  }
}

TEST_CASE("lxc/base_image: is built again only when an input changed, to the same bytes", "[lxc]") {
  const Scratch scratch;
  const auto first = lxc::build_base_image(scratch.path / "images", scratch.inputs());
  REQUIRE_OK(first);
  const auto second = lxc::build_base_image(scratch.path / "images", scratch.inputs());
  CHECK_FALSE(second->built);
  CHECK(second->file == first->file);
  const auto elsewhere = lxc::build_base_image(scratch.path / "other", scratch.inputs());
  REQUIRE_OK(elsewhere);
  CHECK(elsewhere->built);
  CHECK(content_of(elsewhere->file) == content_of(first->file));

  std::ofstream(scratch.path / "lib/a.lua") << "return 2\n";
  const auto changed = lxc::build_base_image(scratch.path / "images", scratch.inputs());
  CHECK(changed->built);
  CHECK(changed->file != first->file);
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(scratch.path / "images")) {
    ++files;
  }
  CHECK(files == 2);
}

TEST_CASE("lxc/base_image: names the input that is missing", "[lxc]") {
  const Scratch scratch;
  auto inputs = scratch.inputs();
  inputs.runtime = scratch.path / "nowhere";
  const auto image = lxc::build_base_image(scratch.path / "images", inputs);
  REQUIRE_FALSE(image.has_value());
  CHECK(image.error().code == Errc::not_found);
  CHECK(image.error().message.find("nowhere") != std::string::npos);
}

TEST_CASE("lxc/content_key: parts cannot slide into each other", "[lxc]") {
  const auto key = [](std::initializer_list<const char*> parts) {
    lxc::ContentKey made;
    for (const char* part : parts)
      made.add(part);
    return made.str();
  };
  CHECK(key({"ab", "c"}) != key({"a", "bc"}));
  CHECK(key({"ab"}) != key({"ab", ""}));
  CHECK(key({"abcdefgh"}) != key({"abcdefgg"}));
  CHECK(key({"x"}).size() == 32);
}

TEST_CASE("lxc/config: limits take the keys of the layout that is mounted", "[lxc]") {
  lxc::ContainerSpec spec;
  spec.name = "x";
  spec.run_dir = "/run/with blank";
  spec.init = {"/sbin/init"};
  spec.memory_limit = 1048576;
  spec.pids_limit = 10;
  lxc::HostFacts host;
  host.cgroups.layout = ns::CgroupLayout::v2;
  host.cgroups.trees = {{"/sys/fs/cgroup", {"memory", "pids"}, true}};
  const auto v2 = lxc::make_config(spec, host);
  CHECK(has(v2, "lxc.cgroup2.memory.max", "1048576"));
  CHECK(has(v2, "lxc.cgroup2.memory.oom.group", "1"));
  CHECK(has(v2, "lxc.cgroup2.pids.max", "10"));
  CHECK(has(
      v2, "lxc.mount.entry", "/run/with\\040blank/rpc media/startos/rpc none bind,create=dir 0 0"));
  host.cgroups.layout = ns::CgroupLayout::v1;
  host.cgroups.trees = {{"/sys/fs/cgroup/memory", {"memory"}, false}};
  const auto v1 = lxc::make_config(spec, host);
  CHECK(has(v1, "lxc.cgroup.memory.limit_in_bytes", "1048576"));
  CHECK_FALSE(has(v1, "lxc.cgroup.pids.max", "10"));  // no such controller there
  CHECK(lxc::unpack_items(lxc::pack_items(v1)) == v1);
  CHECK(lxc::unpack_items(lxc::pack_items({{"a", ""}, {"b", "c d"}})) ==
        lxc::ConfigItems{{"a", ""}, {"b", "c d"}});
}
