#include "instance/daemon_control.hh"

#include "base/file.hh"
#include "instance/lock.hh"
#include "json/reader.hh"
#include "loop/child_process.hh"

#include "line_server.hh"
#include "support/temp_dir.hh"
#include <catch2/catch.hpp>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

using engine::Errc;
using engine::Milliseconds;
using engine::test::LineServer;
namespace instance = engine::instance;

namespace {

constexpr std::string_view kAnswer = "{\"id\":1,\"result\":{\"version\":\"9\"}}\n";

/// A data directory and a shell script that stands in for `moonbox moond run --ready-fd N`.
class Bench {
 public:
  explicit Bench(const std::string& script = "exit 1")
      : paths_(*instance::resolve_paths(root_.path().string() + "/data", std::nullopt)) {
    const std::string text =
        "#!/bin/bash\nready() { echo \"$1\" >&\"$fd\"; }\nfd=$4\n" + script + "\n";
    REQUIRE(engine::write_file_atomic(root_.path() / "program", text, 0755));
  }
  [[nodiscard]] const instance::Paths& paths() const { return paths_; }
  [[nodiscard]] instance::StartOptions start_options(
      Milliseconds timeout = Milliseconds(10'000)) const {
    return {.paths = paths_,
            .program = root_.path() / "program",
            .arguments = {"--workers", "2"},
            .timeout = timeout};
  }
  [[nodiscard]] std::string boot_log() const {
    return engine::read_file(paths_.boot_log()).value_or("");
  }
  void make_run_folder() const { std::filesystem::create_directories(paths_.run); }

 private:
  engine::test::TempDir root_;
  instance::Paths paths_;
};

/// Writes the lock record of a process that is not a daemon.
void record_holder(const instance::Paths& paths, pid_t pid) {
  std::string boot = engine::read_file("/proc/sys/kernel/random/boot_id").value_or("");
  boot.pop_back();
  const std::string text = "{\"pid\":" + std::to_string(pid) +
                           ",\"startTime\":" + std::to_string(instance::process_start_time(pid)) +
                           ",\"bootId\":\"" + boot + "\",\"version\":\"8\"}";
  REQUIRE(engine::write_file_atomic(paths.lock, text));
}

}  // namespace

TEST_CASE("instance: a start returns when the daemon says it is ready, and leaves it running") {
  const Bench bench("echo \"$@ in $PWD\"; umask; ready 'PHASE lock'; ready READY; exec sleep 60");
  const auto report = instance::start(bench.start_options());
  REQUIRE(report);
  CHECK_FALSE(report->already_running);
  REQUIRE(::kill(report->pid, 0) == 0);
  CHECK(::getsid(report->pid) == report->pid);
  CHECK_THAT(bench.boot_log(),
             Catch::Contains("moond run --ready-fd") &&
                 Catch::Contains("--instance default --workers 2") &&
                 Catch::Contains("in " + bench.paths().data.string()) && Catch::Contains("0077"));
  struct stat info {};
  REQUIRE(::stat(bench.paths().data.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777U) == 0700);
  ::kill(report->pid, SIGKILL);
}

TEST_CASE("instance: the daemon's own error is passed on with its kind") {
  const Bench bench(
      R"(ready 'ERROR {"kind":"cannot_bind","message":"no socket","hint":"h"}'; exit 13)");
  const auto report = instance::start(bench.start_options());
  REQUIRE_FALSE(report);
  CHECK(report.error().code == Errc::cannot_bind);
  CHECK(report.error().message == "no socket");
}

TEST_CASE("instance: a daemon that ends without a word is told with the tail of its log") {
  const Bench bench("for i in {1..30}; do echo line $i; done; ready 'PHASE store'; exit 12");
  const auto report = instance::start(bench.start_options());
  REQUIRE_FALSE(report);
  CHECK(report.error().code == Errc::data_dir_unusable);
  CHECK_THAT(report.error().message, Catch::Contains("status 12") && Catch::Contains("'store'"));
  const auto info = engine::json::parse(report.error().info);
  REQUIRE(info);
  const auto& lines = *info->find("bootLog")->array();
  CHECK(lines.size() == 20);
  CHECK(*lines.back().string() == "line 30");
}

TEST_CASE("instance: the log of an earlier start is not shown as this one's") {
  const Bench bench("echo fresh; exit 11");
  CHECK_FALSE(instance::start(bench.start_options()));
  const auto again = instance::start(bench.start_options());
  REQUIRE_FALSE(again);
  CHECK(engine::json::parse(again.error().info)->find("bootLog")->array()->size() == 1);
}

TEST_CASE("instance: a daemon ended by a signal is an internal error") {
  const Bench bench("kill -SEGV $$");
  const auto report = instance::start(bench.start_options());
  REQUIRE_FALSE(report);
  CHECK(report.error().code == Errc::internal);
  CHECK_THAT(report.error().message, Catch::Contains("signal 11"));
}

TEST_CASE("instance: a daemon that hangs is ended and its last step named") {
  const Bench bench("ready 'PHASE migrations'; echo $$ >pid; exec sleep 60");
  const auto report = instance::start(bench.start_options(Milliseconds(1'500)));
  REQUIRE_FALSE(report);
  CHECK(report.error().code == Errc::timeout);
  CHECK_THAT(report.error().message, Catch::Contains("'migrations'"));
  const auto pid = engine::read_file(bench.paths().data / "pid");
  REQUIRE(pid);
  CHECK(::kill(std::stoi(*pid), 0) != 0);
}

TEST_CASE("instance: a daemon that answers already is left alone") {
  const Bench bench("touch started; exit 1");
  bench.make_run_folder();
  const LineServer server(bench.paths().socket, std::string(kAnswer));
  record_holder(bench.paths(), ::getpid());
  const auto report = instance::start(bench.start_options());
  REQUIRE(report);
  CHECK(report->already_running);
  CHECK(report->pid == ::getpid());
  CHECK_FALSE(std::filesystem::exists(bench.paths().data / "started"));
}

TEST_CASE("instance: the loser of two starts waits for the winner") {
  const Bench bench(R"(ready 'ERROR {"kind":"instance_held","message":"held"}'; exit 4)");
  bench.make_run_folder();
  record_holder(bench.paths(), ::getpid());
  std::thread winner;
  std::unique_ptr<LineServer> server;
  winner = std::thread([&] {
    // Listens once the loser has lost, as its boot log's appearance shows.
    while (!std::filesystem::exists(bench.paths().boot_log()))
      ::usleep(1000);
    server = std::make_unique<LineServer>(bench.paths().socket, std::string(kAnswer));
  });
  const auto report = instance::start(bench.start_options());
  winner.join();
  REQUIRE(report);
  CHECK(report->already_running);
}

TEST_CASE("instance: a data directory that cannot be made is said to be unusable") {
  auto options = Bench().start_options();
  options.paths = *instance::resolve_paths("/proc/none", std::nullopt);
  const auto report = instance::start(options);
  REQUIRE_FALSE(report);
  CHECK(report.error().code == Errc::data_dir_unusable);
  CHECK_FALSE(report.error().hint.empty());
}

TEST_CASE("instance: stopping what does not run is no error") {
  const Bench bench;
  const auto report = instance::stop({.paths = bench.paths()});
  REQUIRE(report);
  CHECK(report->method == instance::StopMethod::not_running);
}

TEST_CASE("instance: a daemon that cannot be asked is stopped by signal") {
  const Bench bench;
  bench.make_run_folder();
  engine::loop::Loop loop("test");
  engine::loop::SpawnOptions sleep;
  sleep.argv = {"sleep", "60"};
  auto child = engine::loop::ChildProcess::spawn(loop, sleep);
  REQUIRE(child);
  record_holder(bench.paths(), (*child)->pid());
  const auto report = instance::stop({.paths = bench.paths()});
  REQUIRE(report);
  CHECK(report->method == instance::StopMethod::terminate);
  CHECK(report->pid == (*child)->pid());
}

TEST_CASE("instance: a lock record of an ended process is nobody's") {
  const Bench bench;
  bench.make_run_folder();
  REQUIRE(engine::write_file_atomic(
      bench.paths().lock, "{\"pid\":" + std::to_string(::getpid()) + ",\"startTime\":1}"));
  CHECK(instance::stop({.paths = bench.paths()})->method == instance::StopMethod::not_running);
  CHECK(instance::status(bench.paths())->state == instance::State::stopped);
}

TEST_CASE("instance: status tells running, silent and stopped apart") {
  const Bench bench;
  CHECK(instance::status(bench.paths())->state == instance::State::stopped);
  bench.make_run_folder();
  record_holder(bench.paths(), ::getpid());
  const auto silent = instance::status(bench.paths());
  CHECK(silent->state == instance::State::silent);
  CHECK(silent->pid == ::getpid());
  const LineServer server(bench.paths().socket, std::string(kAnswer));
  const auto running = instance::status(bench.paths());
  CHECK(running->state == instance::State::running);
  CHECK(running->version == "8");
  CHECK(running->info.string_or("version", "") == "9");
}
