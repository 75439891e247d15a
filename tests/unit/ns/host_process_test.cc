#include "ns/cgroup_host.hh"
#include "ns/command.hh"
#include "ns/process_memory.hh"

#include "host_fixture.hh"

using namespace engine;

TEST_CASE("ns/command: gives the output of a program and the reason of a failure", "[ns]") {
  CHECK(*ns::run_command({"sh", "-c", "echo out; echo err >&2"}) == "out\nerr");
  const auto failed = ns::run_command({"sh", "-c", "echo reason; exit 3"});
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().debug == "reason");
  CHECK(failed.error().message.find("status 3") != std::string::npos);
  const auto none = ns::run_command({"no-such-program-here"});
  REQUIRE_FALSE(none.has_value());
  CHECK(none.error().code == Errc::not_found);
}

TEST_CASE("ns/command: kills a program that takes too long", "[ns]") {
  const auto slow = ns::run_command({"sleep", "600"}, {.timeout = Milliseconds(50)});
  REQUIRE_FALSE(slow.has_value());
  CHECK(slow.error().code == Errc::timeout);
}

TEST_CASE("ns/command: keeps the end of a long output", "[ns]") {
  const auto output = ns::run_command({"sh", "-c", "seq 1 100000"});
  REQUIRE_OK(output);
  CHECK(output->size() <= 65536);
  CHECK(output->ends_with("\n100000"));
}

TEST_CASE("ns/process_memory: reads what a process costs", "[ns]") {
  const auto memory = ns::read_process_memory(::getpid());
  REQUIRE_OK(memory);
  CHECK(memory->pss > 0);
  CHECK(memory->pss <= memory->rss);
  CHECK(ns::read_process_memory(0x3ffffff).error().code == Errc::not_found);
}

TEST_CASE("ns/cgroup_host: knows the layout and where this process is", "[ns]") {
  const auto host = ns::detect_cgroups();
  REQUIRE_OK(host);
  const bool v2 = std::filesystem::exists("/sys/fs/cgroup/cgroup.controllers");
  CHECK(host->layout == (v2 ? ns::CgroupLayout::v2 : ns::CgroupLayout::v1));
  for (const auto& tree : host->trees) {
    CHECK(std::filesystem::exists(tree.mount_point / "cgroup.procs"));
    CHECK_FALSE(ns::payload_cgroup_of(::getpid(), tree).has_value());
  }
}

TEST_CASE("ns/cgroup_host: removes empty groups and leaves living ones", "[ns]") {
  const auto host = ns::detect_cgroups();
  const auto* tree = host->with("pids");
  if (tree == nullptr) tree = host->unified();
  REQUIRE(tree != nullptr);
  const auto slice = "moonbox-test-" + std::to_string(::getpid());
  const auto top = tree->mount_point / slice;
  const auto payload = top / "payload" / "some" / "ns" / "deeper";
  std::filesystem::create_directories(payload);
  const auto found = ns::find_container_cgroups(*host, slice, "some");
  REQUIRE_OK(found);
  CHECK(std::find(found->begin(), found->end(), top / "payload/some") != found->end());
  const auto limit = ns::read_cgroup_number(top / "payload/some/pids.max");
  if (limit) CHECK_FALSE(limit->has_value());

  const auto held = ns::run_command({"sh",
                                     "-c",
                                     "echo $$ > " + (payload / "cgroup.procs").string() +
                                         " && rmdir " + payload.string() + " 2>&1; true"});
  REQUIRE_OK(held);
  CHECK(held->find("busy") != std::string::npos);
  REQUIRE_OK(ns::remove_cgroup(top));
  CHECK_FALSE(std::filesystem::exists(top));
  REQUIRE_OK(ns::remove_cgroup(top));
}
