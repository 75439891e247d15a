#include "container_fixture.hh"

#include "ns/bridge.hh"
#include "ns/cgroup_host.hh"
#include "ns/command.hh"
#include "ns/mount_table.hh"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <thread>

using namespace engine;
namespace fs = std::filesystem;

namespace {

constexpr const char* kInit = R"sh(trap 'exit 0' TERM
echo "init is pid $$, uid $(id -u)"
mkdir -p /www
echo "hello from $(hostname)" >/www/index.html
httpd -p 80 -h /www
if [ -n "$TEST_RUN" ]; then
  sh -c "$TEST_RUN"
  echo "TEST_RUN ended with $?"
fi
touch /media/startos/rpc/ready
while :; do
  sleep 1000 &
  wait $!
done
)sh";

std::string slice() {
  return fmt::format("moonbox-test-{}", ::getpid());
}

}  // namespace

std::string content_of(const fs::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool wait_until(const std::function<bool()>& condition) {
  const auto deadline = Clock::now() + Milliseconds(20'000);
  while (!condition()) {
    if (Clock::now() > deadline) return false;
    std::this_thread::sleep_for(Milliseconds(5));
  }
  return true;
}

std::string inside(const lxc::Running& running, const std::string& command) {
  const auto output = ns::run_command(
      {"nsenter", "-t", std::to_string(running.pid), "-a", "sh", "-c", command + " 2>&1; true"});
  return output ? *output : "nsenter: " + why(output);
}

ContainerHost::ContainerHost() : bridge_(fmt::format("mt{}", ::getpid())) {
  std::string pattern = "/tmp/moonbox-lxc-XXXXXX";
  REQUIRE(::mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
  ::chmod(pattern.c_str(), 0755);
  const auto subnet = ns::find_free_subnet(pattern);
  REQUIRE_OK(subnet);
  subnet_ = *subnet;
  REQUIRE_OK(ns::ensure_bridge(bridge_, subnet_.host(1)));
  std::ofstream(path_ / "init.sh") << kInit;
  const auto image = lxc::build_base_image(
      path_ / "images",
      {.busybox = "/bin/busybox",
       .runtime = "/bin/busybox",
       .files = {{path_ / "init.sh", "usr/lib/moonbox/scripts/init.sh", false}}});
  REQUIRE_OK(image);
  image_ = *image;
  helper_.command = {fs::read_symlink("/proc/self/exe").parent_path() / "lxc_start_helper"};
}

ContainerHost::~ContainerHost() {
  for (const auto& spec : specs_)
    (void)lxc::teardown(spec, Milliseconds(0));
  (void)ns::delete_link(bridge_);
  (void)ns::unmount_tree(path_);
  std::error_code ignored;
  fs::remove_all(path_, ignored);
  fs::remove_all("/run/lxc/lock" + path_.string(), ignored);
  const auto host = ns::detect_cgroups();
  if (!host) return;
  for (const auto& tree : host->trees)
    (void)ns::remove_cgroup(tree.mount_point / slice());
}

lxc::ContainerSpec ContainerHost::spec(const std::string& id, unsigned slot) {
  lxc::ContainerSpec spec;
  spec.name = fmt::format("mt{}-{}", ::getpid(), id);
  spec.lxcpath = path_ / "lxc";
  spec.image = image_.file;
  spec.image_key = image_.key;
  spec.ids = {.base = 100000 + slot * 65536, .count = 65536};
  spec.state_dir = path_ / "state" / id;
  spec.run_dir = path_ / "run" / id;
  spec.network = lxc::NetworkSpec{.bridge = bridge_,
                                  .host_link = fmt::format("mv{}-{}", ::getpid(), slot),
                                  .address = subnet_.host(1 + slot),
                                  .gateway = subnet_.host(1).address};
  spec.hostname = id;
  spec.memory_limit = 64UL << 20U;
  spec.pids_limit = 200;
  spec.console_log = path_ / (id + "-console.log");
  spec.lxc_log = path_ / (id + "-lxc.log");
  spec.init = {"/bin/sh", "/usr/lib/moonbox/scripts/init.sh"};
  spec.cgroup_slice = slice();
  spec.unpack_cache = path_ / "unpacked";
  specs_.push_back(spec);
  return spec;
}

lxc::Running ContainerHost::up(const lxc::ContainerSpec& spec) {
  REQUIRE_OK(lxc::prepare_root(spec, namespaces_));
  auto running = lxc::start(spec, helper_);
  REQUIRE_OK(running);
  REQUIRE(wait_until([&] { return fs::exists(spec.rpc_dir() / "ready"); }));
  return std::move(*running);
}

std::string ContainerHost::remains(const lxc::ContainerSpec& spec) const {
  std::string all;
  const auto mounts = ns::mounts_under(spec.run_dir);
  for (const auto& mount : *mounts) {
    all += "mount " + mount.point.string() + "\n";
  }
  const auto groups =
      ns::find_container_cgroups(*ns::detect_cgroups(), spec.cgroup_slice, spec.name);
  for (const auto& group : *groups)
    all += "cgroup " + group.string() + "\n";
  const auto links = ns::list_links();
  for (const auto& link : *links) {
    if (spec.network && link.name == spec.network->host_link) all += "link " + link.name + "\n";
  }
  for (const auto& directory : {spec.run_dir, spec.state_dir}) {
    if (fs::exists(directory)) all += "directory " + directory.string() + "\n";
  }
  return all;
}
