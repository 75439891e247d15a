#include "bindings/modules.hh"
#include "loop/offload.hh"
#include "ns/bridge.hh"
#include "ns/command.hh"
#include "ns/mount_table.hh"

#include "unit/script/script_fixture.hh"
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace engine::bindings {
namespace {

namespace fs = std::filesystem;

constexpr const char* kInit = R"sh(trap 'exit 0' TERM
echo "up"
echo "line" >/media/startos/logs/service.log
touch /media/startos/rpc/ready
while :; do
  sleep 1000 &
  wait $!
done
)sh";

/// A VM with engine.lxc and engine.loop; its scripts find a spec maker and a directory. What a
/// failed script leaves is taken away.
class LxcFixture : public script::ScriptFixture {
 public:
  LxcFixture()
      : ScriptFixture(
            {},
            {{"engine.file", open_file}, {"engine.loop", open_loop}, {"engine.lxc", open_lxc}}) {
    services.add(pool);
    std::string pattern = "/tmp/moonbox-lua-XXXXXX";
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    directory = pattern;
    ::chmod(pattern.c_str(), 0755);
    fs::create_directories(directory / "scripts/lib");
    fs::create_directories(directory / "scripts/runtime");
    std::ofstream(directory / "scripts/runtime/init.sh") << kInit;
    fs::create_directories(directory / "volume");
    fs::create_directories(directory / "tree");
    std::ofstream(directory / "tree/init.lua") << "return {}\n";
    const auto made = ns::run_command({"mksquashfs",
                                       directory / "tree",
                                       directory / "code.sqfs",
                                       "-all-root",
                                       "-noappend",
                                       "-quiet",
                                       "-no-progress"});
    REQUIRE(made.has_value());
  }
  ~LxcFixture() {
    (void)task(
        fmt::format("local lxc = require('engine.lxc')\n"
                    "lxc.teardown({{ name = '{}', run_dir = '{}/run', state_dir = '{}/state',"
                    " lxcpath = '{}/lxc', veth = '{}', cgroup_slice = '{}' }})",
                    name(),
                    directory.string(),
                    directory.string(),
                    directory.string(),
                    veth(),
                    name()));
    (void)ns::delete_link(bridge());
    (void)ns::unmount_tree(directory);
    std::error_code ignored;
    fs::remove_all(directory, ignored);
    fs::remove_all("/run/lxc/lock" + directory.string(), ignored);
    const auto cgroups = ns::run_command({"sh",
                                          "-c",
                                          "find /sys/fs/cgroup -depth -type d -path '*/" + name() +
                                              "*' -exec rmdir {} + 2>/dev/null; true"});
    CHECK(cgroups.has_value());
  }

  static std::string name() { return fmt::format("mlb{}", ::getpid()); }
  static std::string bridge() { return fmt::format("mb{}", ::getpid()); }
  static std::string veth() { return fmt::format("ml{}", ::getpid()); }

  /// Runs `body` in a task with `lxc`, `loop`, `dir` and `make_spec()`.
  Result<std::string> run(const std::string& body) {
    const auto helper = fs::read_symlink("/proc/self/exe").parent_path() / "lxc_start_helper";
    const std::string head = fmt::format(
        R"lua(
local lxc, loop = require('engine.lxc'), require('engine.loop')
local dir = '{}'
local function make_spec()
  local bridge = assert(lxc.ensure_bridge({{ name = '{}' }}))
  local image = assert(lxc.build_base_image({{
    directory = dir .. '/images', moon_container = '/bin/busybox', scripts = dir .. '/scripts' }}))
  return {{
    name = '{}', base_image = image.path, id_base = 100000 + 65536,
    run_dir = dir .. '/run', state_dir = dir .. '/state', logs_dir = dir .. '/logs',
    lxcpath = dir .. '/lxc', cgroup_slice = '{}', bridge = bridge.name, veth = '{}',
    address = bridge.gateway:gsub('%d+$', '7'), gateway = bridge.gateway,
    memory_limit = 64 * 1048576, pids_limit = 100, environment = {{ 'LANG=C.UTF-8' }},
    init = {{ '/bin/sh', '/usr/lib/moonbox/scripts/runtime/init.sh' }},
    start_helper = {{ '{}' }},
  }}, {{ lxcpath = dir .. '/lxc' }}
end
)lua",
        directory.string(),
        bridge(),
        name(),
        name(),
        veth(),
        helper.string());
    auto result = task(head + body);
    if (!result) return result.error().message + "\n" + result.error().debug;
    return result;
  }

  loop::OffloadPool pool{2};
  fs::path directory;
};

}  // namespace

TEST_CASE("bindings/lxc: a container's life from a script", "[bindings][lxc]") {
  LxcFixture lua;
  CHECK(lua.run(R"(
    local spec, at = make_spec()
    local probe = assert(lxc.probe(spec.base_image))
    assert(probe.works and #probe.problems == 0)
    assert(lxc.state(spec.name, at) == 'stopped')
    local running = assert(lxc.start(spec))
    assert(running.pid > 1 and lxc.state(spec.name, at) == 'running')
    assert(lxc.list(at)[1] == spec.name)
    local _, err = lxc.start(spec)
    assert(err.code == 'conflict', err)
    assert(assert(lxc.adopt(spec)).pid == running.pid)
    local stats = assert(lxc.stats(spec.name, at))
    assert(stats.memory_limit == spec.memory_limit and stats.pids_limit == 100)
    assert(stats.init_pss > 0 and stats.oom_kills == 0)

    assert(lxc.mount_package(spec, dir .. '/code.sqfs'))
    _, err = lxc.mount_package(spec, dir .. '/code.sqfs')
    assert(err.code == 'duplicate')
    assert(lxc.mount_image(spec, 'main', { file = dir .. '/code.sqfs', key = 'k' },
      { env = 'A=1\n', json = '{}' }))
    assert(lxc.mount_assets(spec, dir .. '/code.sqfs'))
    assert(lxc.mount_volume(spec, 'data', dir .. '/volume'))
    assert(lxc.mount_backup(spec, dir .. '/volume', { readonly = true }))
    assert(lxc.unmount_backup(spec) and lxc.unmount_backup(spec))
    assert(lxc.create_fs(spec, 'main', 'guid') == '/media/startos/subcontainers/guid')
    assert(lxc.destroy_fs(spec, 'guid'))
    assert(lxc.write_file(spec, '/etc/note', 'text'))
    local function has(path) return require('engine.file').exists(dir .. path) end
    assert(has('/run/root/usr/lib/startos/package/init.lua'))
    assert(has('/run/root/media/startos/images/main.env') and has('/run/root/etc/note'))

    local seen
    local waiter = loop.spawn(function() seen = lxc.wait_exit(spec.name, at) end)
    assert(lxc.stop(spec.name, { timeout = 10, lxcpath = at.lxcpath }))
    waiter:join()
    assert(seen == true and lxc.wait_exit(spec.name, at) == true)
    assert(has('/logs/console.log') and has('/logs/service/service.log'))
    assert(lxc.teardown(spec) and lxc.teardown(spec))
    assert(not has('/run/root'))
    assert(lxc.delete_bridge(spec.bridge))
    local other = assert(lxc.ensure_bridge({ name = spec.bridge, subnet = '127.0.0.0/24' }))
    assert(other.subnet:find('^10%.'))
    local same = assert(lxc.ensure_bridge({ name = spec.bridge, subnet = other.subnet }))
    assert(same.subnet == other.subnet and same.gateway == other.gateway)
    assert(lxc.delete_bridge(spec.bridge))
    return 'ok'
  )")
            .value_or("failed") == "ok");
}

TEST_CASE("bindings/lxc: waiting for the end is cancellable", "[bindings][lxc]") {
  LxcFixture lua;
  CHECK(lua.run(R"(
    local spec, at = make_spec()
    assert(lxc.start(spec))
    local answer, problem
    local waiter = loop.spawn(function() answer, problem = lxc.wait_exit(spec.name, at) end)
    loop.sleep(0.05)
    waiter:cancel()
    waiter:join()
    assert(answer == nil and problem.code == 'cancelled')
    assert(lxc.state(spec.name, at) == 'running')
    assert(lxc.teardown(spec))
    return 'ok'
  )")
            .value_or("failed") == "ok");
}

TEST_CASE("bindings/lxc: wrong specs are refused with the field", "[bindings][lxc]") {
  LxcFixture lua;
  CHECK(lua.run(R"(
    local _, err = lxc.start({ name = 'x' })
    assert(err.code == 'invalid_params', err)
    _, err = lxc.teardown({ name = '../x', run_dir = '/x', state_dir = '/y' })
    assert(err.code == 'invalid_params')
    _, err = lxc.start({ name = 'x', veth = 'v', address = 'nonsense' })
    assert(err.code == 'parse_net_address')
    _, err = lxc.adopt({ name = 'no-such', run_dir = '/x', state_dir = '/y' })
    assert(err.code == 'not_found')
    local good, message = pcall(lxc.start, { name = 7 })
    assert(not good and tostring(message):find('name'))
    assert(not pcall(lxc.mount_volume, { name = 'x' }, '../up', '/tmp'))
    return 'ok'
  )")
            .value_or("failed") == "ok");
}

}  // namespace engine::bindings
