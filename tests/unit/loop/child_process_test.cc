#include "loop/child_process.hh"

#include "run_until.hh"
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>

using engine::Errc;
using engine::Milliseconds;
using engine::UniqueFd;
using engine::loop::ChildProcess;
using engine::loop::ExitStatus;
using engine::loop::Loop;
using engine::loop::run_command;
using engine::loop::SpawnOptions;
using test::run_until;

namespace {

SpawnOptions shell(std::string script) {
  return {.argv = {"sh", "-c", std::move(script)}};
}

ExitStatus ended(Loop& loop, ChildProcess& child) {
  std::optional<ExitStatus> status;
  child.wait([&](const auto& result) { status = *result; });
  run_until(loop, [&] { return status.has_value(); });
  return *status;
}

}  // namespace

TEST_CASE("loop/child_process: tells how it ended") {
  Loop loop("test");
  auto child = *ChildProcess::spawn(loop, shell("exit 7"));
  CHECK(ended(loop, *child).code == 7);
  CHECK(child->kill(SIGTERM).error().code == Errc::not_found);

  auto killed = *ChildProcess::spawn(loop, shell("exec sleep 100"));
  REQUIRE(killed->kill(SIGTERM));
  const ExitStatus status = ended(loop, *killed);
  CHECK(status.signal == SIGTERM);
  CHECK(status.code == 128 + SIGTERM);
}

TEST_CASE("loop/child_process: a program that does not exist") {
  Loop loop("test");
  const auto child = ChildProcess::spawn(loop, {.argv = {"/proc/nonexistent/program"}});
  REQUIRE_FALSE(child);
  CHECK(child.error().code == Errc::not_found);
}

TEST_CASE("loop/child_process: destroying it kills its whole session") {
  Loop loop("test");
  std::array<int, 2> ends{};
  REQUIRE(pipe2(ends.data(), O_CLOEXEC) == 0);
  const UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  auto options = shell("sleep 100 & sleep 100");
  options.stdout_fd = writer.get();
  auto child = *ChildProcess::spawn(loop, options);
  writer.reset();
  child.reset();
  // The pipe ends when nobody of the session holds it any more.
  char byte = 0;
  CHECK(read(reader.get(), &byte, 1) == 0);
}

TEST_CASE("loop/child_process: the child has its three descriptors and those it inherits") {
  const UniqueFd leaked(open("/dev/null", O_RDONLY));
  const auto output = run_command({.argv = {"ls", "/proc/self/fd"}}, Milliseconds(10'000));
  REQUIRE(output);
  CHECK(output->out == "0\n1\n2\n3\n");  // 3 is the directory itself

  Loop loop("test");
  std::array<int, 2> ends{};
  REQUIRE(pipe2(ends.data(), O_CLOEXEC) == 0);
  const UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  auto options = shell("echo hello >&" + std::to_string(writer.get()));
  options.inherit = {writer.get()};
  auto child = *ChildProcess::spawn(loop, options);
  CHECK(ended(loop, *child).success());
  writer.reset();
  std::array<char, 64> text{};
  CHECK(read(reader.get(), text.data(), text.size()) == 6);
  CHECK(std::string_view(text.data()) == "hello\n");
}

TEST_CASE("loop/run_command: gives output, error output and status") {
  const auto output =
      run_command(shell("cat; echo oops >&2; exit 3"), Milliseconds(10'000), "input text");
  REQUIRE(output);
  CHECK(output->out == "input text");
  CHECK(output->err == "oops\n");
  CHECK(output->status.code == 3);
}

TEST_CASE("loop/run_command: big input and output do not block each other") {
  const std::string big(1'000'000, 'x');
  const auto output = run_command(shell("cat"), Milliseconds(10'000), big, 2'000'000);
  REQUIRE(output);
  CHECK(output->out == big);
  const auto cut = run_command(shell("cat"), Milliseconds(10'000), big, 1'000);
  REQUIRE(cut);
  CHECK(cut->out.size() == 1'000);
}

TEST_CASE("loop/run_command: kills what takes too long, also when it closed its streams") {
  for (const char* script :
       {"exec sleep 100", "exec sleep 100 >&- 2>&-", "sleep 100 & sleep 100"}) {
    INFO(script);
    const auto begin = engine::Clock::now();
    const auto output = run_command(shell(script), Milliseconds(100));
    REQUIRE_FALSE(output);
    CHECK(output.error().code == Errc::timeout);
    CHECK(engine::Clock::now() - begin < Milliseconds(5'000));
  }
}

TEST_CASE("loop/run_command: directory and environment") {
  SpawnOptions options = shell("pwd; echo $A");
  options.directory = "/usr";
  options.environment = {"A=b", "PATH=/usr/bin:/bin"};
  const auto output = run_command(options, Milliseconds(10'000));
  REQUIRE(output);
  CHECK(output->out == "/usr\nb\n");
  CHECK(run_command({.argv = {"/proc/nonexistent"}}, Milliseconds(1'000)).error().code ==
        Errc::not_found);
}
