// Figures, not checks: container_test '[.figures]' prints them.
#include "json/writer.hh"
#include "ns/process_memory.hh"

#include "container_world.hh"
#include <catch2/catch.hpp>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

namespace {

using Micros = std::chrono::duration<double, std::micro>;

double at(std::vector<double>& sorted, double part) {
  std::sort(sorted.begin(), sorted.end());
  return sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))];
}

// Memory is given back a second after the last request; there is no event to wait for.
void print_memory(const char* when, pid_t pid) {
  std::this_thread::sleep_for(std::chrono::seconds(2));
  const auto memory = engine::ns::read_process_memory(pid);
  REQUIRE(memory);
  fmt::print("{}: PSS {:.2f} MiB, private dirty {:.2f} MiB\n",
             when,
             static_cast<double>(memory->pss) / 1048576,
             static_cast<double>(memory->private_dirty) / 1048576);
}

void measure_eval(ContainerWorld& world, int rounds) {
  const auto connection = world.send("status", "{}");
  world.receive(connection.get());
  const std::string line =
      R"({"jsonrpc":"2.0","id":1,"method":"eval","params":{"script":"return 6*7"}})"
      "\n";
  std::vector<double> times;
  for (int i = 0; i < rounds; ++i) {
    const auto begin = engine::Clock::now();
    REQUIRE(::write(connection.get(), line.data(), line.size()) ==
            static_cast<ssize_t>(line.size()));
    char block[4096];
    REQUIRE(::read(connection.get(), block, sizeof block) > 0);
    times.push_back(Micros(engine::Clock::now() - begin).count());
  }
  fmt::print("eval round trip: p50 {:.0f} us, p99 {:.0f} us (n={})\n",
             at(times, 0.5),
             at(times, 0.99),
             rounds);
}

}  // namespace

TEST_CASE("container/figures: start, memory, eval", "[.figures]") {
  const auto package =
      std::filesystem::path(MOONBOX_SOURCE_DIR) / "examples/hello-world/procedures";
  std::vector<double> starts;
  for (int i = 0; i < 15; ++i) {
    ContainerWorld world(package);
    world.call("status");
    starts.push_back(Micros(engine::Clock::now() - world.began()).count());
  }
  fmt::print("clone to first answer: median {:.1f} ms, max {:.1f} ms (n=15)\n",
             at(starts, 0.5) / 1000,
             at(starts, 1.0) / 1000);
  ContainerWorld world(package);
  print_memory("before init", world.pid());
  world.call("init", R"({"id":"a","kind":"install"})");
  world.call("start");
  REQUIRE(eventually([&] {
    return !world.host().calls("set-health").empty() &&
           world.host().calls("set-health").back().params.string_or("result", "") == "success";
  }));
  print_memory("idle, service running", world.pid());
  measure_eval(world, 5000);
  print_memory("after 5000 evals", world.pid());
}
