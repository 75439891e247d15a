#include "lxc/limits.hh"
#include "lxc/probe.hh"
#include "ns/command.hh"
#include "ns/process_memory.hh"

#include "container_fixture.hh"
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <set>
#include <thread>

using namespace engine;
namespace fs = std::filesystem;

namespace {

/// The monitor writes the console log when it gets to it.
bool console_says(const lxc::ContainerSpec& spec, const std::string& text) {
  return wait_until([&] { return content_of(spec.console_log).find(text) != std::string::npos; });
}

}  // namespace

TEST_CASE("lxc/container: runs unprivileged with its limits, network and console", "[lxc]") {
  ContainerHost host;
  const auto spec = host.spec("one");
  const auto running = host.up(spec);

  struct stat process {};
  REQUIRE(::stat(fmt::format("/proc/{}", running.pid).c_str(), &process) == 0);
  CHECK(process.st_uid == spec.ids.base);
  const auto map = content_of(fmt::format("/proc/{}/uid_map", running.pid));
  CHECK(map.find(std::to_string(spec.ids.base)) != std::string::npos);
  CHECK(content_of(fmt::format("/proc/{}/status", running.pid)).find("NSpid:") !=
        std::string::npos);
  CHECK(console_says(spec, "init is pid 1, uid 0"));
  CHECK(*lxc::state(spec.name, spec.lxcpath) == "RUNNING");

  const auto limits = lxc::read_limits(running.pid);
  REQUIRE_OK(limits);
  CHECK(limits->memory == spec.memory_limit);
  CHECK(limits->pids == spec.pids_limit);
  const auto usage = lxc::read_usage(running.pid);
  CHECK(usage->memory.value_or(0) > 0);
  CHECK(usage->pids.value_or(0) >= 2);
  CHECK(usage->cpu_microseconds.value_or(0) > 0);
  CHECK(ns::read_process_memory(running.pid)->pss > 0);

  const std::string address = spec.network->address.address.str();
  const auto page = ns::run_command({"busybox", "wget", "-q", "-O", "-", "http://" + address + "/"},
                                    {.stdin_fd = -1, .timeout = Milliseconds(10'000)});
  REQUIRE_OK(page);
  CHECK(*page == "hello from one");
  CHECK(inside(running, "ping -c1 -W5 " + spec.network->gateway.str()).find("1 packets received") !=
        std::string::npos);
  CHECK(inside(running, "hostname; cat /etc/hostname") == "one\none");
  // Nothing of the host's tree shows inside.
  CHECK(inside(running, "cat /proc/1/mountinfo").find(spec.state_dir.string()) ==
        std::string::npos);
  CHECK(inside(running, "mknod /dev/x b 7 0").find("not permitted") != std::string::npos);

  const auto again = lxc::start(spec, host.helper());
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().code == Errc::conflict);

  REQUIRE_OK(lxc::stop(spec.name, spec.lxcpath, Milliseconds(10'000)));
  CHECK(*lxc::state(spec.name, spec.lxcpath) == "STOPPED");
  REQUIRE_OK(lxc::stop(spec.name, spec.lxcpath, Milliseconds(10'000)));
  REQUIRE_OK(lxc::teardown(spec, Milliseconds(0)));
  CHECK(host.remains(spec) == "");
  REQUIRE_OK(lxc::teardown(spec, Milliseconds(0)));
}

TEST_CASE("lxc/container: a runaway allocation is killed inside", "[lxc]") {
  ContainerHost host;
  auto spec = host.spec("oom");
  spec.environment.emplace_back("TEST_RUN=dd if=/dev/zero of=/dev/null bs=512M count=1");
  const auto running = host.up(spec);
  CHECK(console_says(spec, "TEST_RUN ended with 137"));
  CHECK(lxc::read_usage(running.pid)->oom_kills >= 1);
  CHECK(*lxc::state(spec.name, spec.lxcpath) == "RUNNING");
}

TEST_CASE("lxc/container: a fork bomb stops at the process limit", "[lxc]") {
  ContainerHost host;
  auto spec = host.spec("pids");
  spec.pids_limit = 40;
  spec.environment.emplace_back(
      "TEST_RUN=i=0; while [ $i -lt 100 ]; do sleep 1000 & i=$((i+1)); done; exit 3");
  const auto running = host.up(spec);
  CHECK(lxc::read_usage(running.pid)->pids.value_or(0) <= 40);
  CHECK(console_says(spec, "fork"));
}

TEST_CASE("lxc/container: a new process adopts what a killed one has started", "[lxc]") {
  ContainerHost host;
  const auto spec = host.spec("adopt");
  const pid_t starter = ::fork();
  REQUIRE(starter >= 0);
  if (starter == 0) {
    ns::UserNamespaces own;
    const bool good = lxc::prepare_root(spec, own) && lxc::start(spec, host.helper());
    ::kill(::getpid(), good ? SIGKILL : SIGTERM);
  }
  int status = 0;
  REQUIRE(::waitpid(starter, &status, 0) == starter);
  REQUIRE(WIFSIGNALED(status));
  REQUIRE(WTERMSIG(status) == SIGKILL);

  const auto active = lxc::list_active(spec.lxcpath);
  REQUIRE_OK(active);
  CHECK(*active == std::vector<std::string>{spec.name});
  const auto running = lxc::adopt(spec);
  REQUIRE_OK(running);
  CHECK(inside(*running, "echo alive") == "alive");

  auto other = spec;
  other.memory_limit *= 2;
  const auto refused = lxc::adopt(other);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == Errc::conflict);

  REQUIRE_OK(lxc::teardown(spec, Milliseconds(10'000)));
  CHECK(lxc::adopt(spec).error().code == Errc::not_found);
  CHECK(host.remains(spec) == "");
  CHECK(lxc::list_active(spec.lxcpath)->empty());
}

TEST_CASE("lxc/container: leftovers of a killed monitor do not disturb the next start", "[lxc]") {
  ContainerHost host;
  const auto spec = host.spec("left");
  auto running = host.up(spec);
  const auto stat = content_of(fmt::format("/proc/{}/stat", running.pid));
  const pid_t monitor = std::atoi(stat.c_str() + stat.rfind(')') + 4);
  REQUIRE(monitor > 1);
  REQUIRE(::kill(monitor, SIGKILL) == 0);
  REQUIRE_OK(ns::wait_for_exit(running.pidfd.get(), Milliseconds(10'000)));
  CHECK(host.remains(spec).find("cgroup") != std::string::npos);

  // The names are free as soon as the dead processes are; nothing is torn down by hand.
  running = host.up(spec);
  CHECK(inside(running, "echo alive") == "alive");
  CHECK(lxc::read_limits(running.pid)->memory == spec.memory_limit);
  REQUIRE_OK(lxc::teardown(spec, Milliseconds(10'000)));
  CHECK(host.remains(spec) == "");
}

TEST_CASE("lxc/container: PID 1 killed from outside shows on the pidfd and frees the name",
          "[lxc]") {
  ContainerHost host;
  const auto spec = host.spec("killed");
  auto running = host.up(spec);
  REQUIRE(::kill(running.pid, SIGKILL) == 0);
  REQUIRE_OK(ns::wait_for_exit(running.pidfd.get(), Milliseconds(5'000)));
  REQUIRE_OK(lxc::stop(spec.name, spec.lxcpath, Milliseconds(0)));
  running = host.up(spec);
  CHECK(inside(running, "echo alive") == "alive");
}

TEST_CASE("lxc/container: five start at once and share one loop device", "[lxc]") {
  ContainerHost host;
  std::vector<lxc::ContainerSpec> specs;
  for (unsigned i = 1; i <= 5; ++i)
    specs.push_back(host.spec("p" + std::to_string(i), i));
  std::vector<Result<lxc::Running>> results(5);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 5; ++i) {
    threads.emplace_back([&, i] {
      auto prepared = lxc::prepare_root(specs[i], host.namespaces());
      if (prepared) {
        results[i] = lxc::start(specs[i], host.helper());
      } else {
        results[i] = fail(std::move(prepared).error());
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
  for (const auto& result : results)
    REQUIRE_OK(result);
  CHECK(lxc::list_active(specs[0].lxcpath)->size() == 5);
  std::set<std::string> devices;
  for (const auto& entry : fs::directory_iterator("/sys/block")) {
    const auto file = content_of(entry.path() / "loop/backing_file");
    if (file.starts_with(host.path().string())) devices.insert(entry.path());
  }
  CHECK(devices.size() == 1);
}

TEST_CASE("lxc/container: a PID 1 that ignores SIGTERM is killed after its grace", "[lxc]") {
  ContainerHost host;
  auto spec = host.spec("stubborn");
  spec.init = {"/bin/sleep", "1000"};
  REQUIRE_OK(lxc::prepare_root(spec, host.namespaces()));
  REQUIRE_OK(lxc::start(spec, host.helper()));
  const auto begin = Clock::now();
  REQUIRE_OK(lxc::stop(spec.name, spec.lxcpath, Milliseconds(200)));
  const auto took = std::chrono::duration_cast<Milliseconds>(Clock::now() - begin);
  CHECK(took >= Milliseconds(200));
  CHECK(took < Milliseconds(10'000));
}

TEST_CASE("lxc/container: a wrong PID 1 fails with the reason and leaves no trace", "[lxc]") {
  ContainerHost host;
  auto spec = host.spec("wrong");
  spec.init = {"/no/such/program"};
  REQUIRE_OK(lxc::prepare_root(spec, host.namespaces()));
  const auto started = lxc::start(spec, host.helper());
  REQUIRE_FALSE(started.has_value());
  CHECK(started.error().code == Errc::lxc);
  INFO(started.error().debug);
  CHECK(started.error().debug.find("/no/such/program") != std::string::npos);
  REQUIRE_OK(lxc::teardown(spec, Milliseconds(0)));
  CHECK(host.remains(spec) == "");
}

TEST_CASE("lxc/container: refuses specs that cannot work", "[lxc]") {
  ContainerHost host;
  const auto refused = [&](auto change) {
    auto spec = host.spec("bad");
    change(spec);
    const auto result = lxc::check_spec(spec);
    return !result && result.error().code == Errc::invalid_params;
  };
  CHECK(refused([](auto& spec) { spec.name = "../x"; }));
  CHECK(refused([](auto& spec) { spec.run_dir = "relative"; }));
  CHECK(refused([](auto& spec) { spec.init = {}; }));
  CHECK(refused([](auto& spec) { spec.init = {"/bin/sh", "two words"}; }));
  CHECK(refused([](auto& spec) { spec.network->host_link = "a-name-too-long-"; }));
  CHECK(refused([](auto& spec) { spec.network->gateway = {1}; }));
  CHECK(refused([](auto& spec) { spec.ids.base = 0; }));
  CHECK(refused([](auto& spec) { spec.environment = {"NOVALUE"}; }));
}

TEST_CASE("lxc/probe: says what this host offers", "[lxc]") {
  ContainerHost host;
  const auto found = lxc::probe({.file = host.spec("probe").image});
  REQUIRE_OK(found);
  CHECK(found->works());
  CHECK_FALSE(found->lxc_version.empty());
  CHECK((found->cgroup_layout == "v1" || found->cgroup_layout == "v2"));
}
