#include "instance/process.hh"

#include "instance/lock.hh"
#include "loop/child_process.hh"

#include <catch2/catch.hpp>
#include <signal.h>
#include <unistd.h>

using engine::Errc;
using engine::Milliseconds;
using engine::instance::Process;

TEST_CASE("instance/process: signals and waits for a process that is not ours to wait for") {
  engine::loop::Loop loop("test");
  engine::loop::SpawnOptions sleep;
  sleep.argv = {"sleep", "60"};
  auto child = engine::loop::ChildProcess::spawn(loop, sleep);
  REQUIRE(child);
  const pid_t pid = (*child)->pid();
  const auto process = Process::open(pid, engine::instance::process_start_time(pid));
  REQUIRE(process);
  CHECK(process->wait(Milliseconds(1)).error().code == Errc::timeout);
  REQUIRE(process->signal(SIGTERM));
  CHECK(process->wait(Milliseconds(5000)));
  CHECK_FALSE(Process::open(pid, engine::instance::process_start_time(pid)));
}

TEST_CASE("instance/process: another process with the same pid is not the one meant") {
  const auto start = engine::instance::process_start_time(::getpid());
  CHECK(start > 0);
  CHECK(Process::open(::getpid(), start));
  CHECK(Process::open(::getpid(), start + 1).error().code == Errc::not_found);
  CHECK(Process::open(0, 0).error().code == Errc::not_found);
  CHECK(Process::open(-1, 0).error().code == Errc::not_found);
}
