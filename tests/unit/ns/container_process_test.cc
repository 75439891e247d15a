#include "loop/loop.hh"
#include "ns/reaper.hh"
#include "ns/subcontainer.hh"

#include "host_fixture.hh"
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <string>

namespace fs = std::filesystem;
using engine::Errc;
using engine::UniqueFd;
using engine::loop::ExitStatus;
using engine::loop::Loop;
using engine::ns::Command;
using engine::ns::Reaper;
using engine::ns::Subcontainer;
using engine::ns::SubcontainerMount;

namespace {

/// An image of busybox alone, with a user.
class World {
 public:
  World() {
    directory_.make("image/bin");
    fs::copy_file("/bin/busybox", image() / "bin/busybox");
    fs::create_symlink("busybox", image() / "bin/sh");
    directory_.write("image/etc/passwd",
                     "root:x:0:0::/root:/bin/sh\nweb:x:1000:1000::/srv:/bin/sh\n");
    directory_.write("image/etc/group", "web:x:1000:\nlogs:x:2000:web\n");
  }

  [[nodiscard]] fs::path image() const { return directory_.path() / "image"; }
  [[nodiscard]] const TestDirectory& directory() const { return directory_; }

  Subcontainer::Options options() const {
    return {.root = image(),
            .mounts = {},
            .resolv_conf = "nameserver 10.0.0.1\n",
            .leader = "/bin/busybox",
            .leader_argv = {"sleep", "1000000"}};
  }

  ExitStatus wait(engine::ns::ContainedProcess& process) {
    std::optional<ExitStatus> seen;
    process.on_exit([&](ExitStatus ended) {
      seen = ended;
      loop.stop();
    });
    if (!seen) loop.run();
    return *seen;
  }

  /// Runs a shell line and gives its output.
  std::string shell(Subcontainer& sub, const std::string& line, const std::string& user = "") {
    const auto out = directory_.path() / "out";
    const UniqueFd file(::open(out.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    Command command;
    command.argv = {"/bin/busybox", "sh", "-c", line};
    command.user = user;
    command.stdout_fd = file.get();
    command.stderr_fd = file.get();
    auto process = sub.exec(command);
    REQUIRE_OK(process);
    status = wait(**process);
    return content_of(out);
  }

  Loop loop{"test"};
  Reaper reaper{loop};
  ExitStatus status;

 private:
  TestDirectory directory_;
};

}  // namespace

TEST_CASE("ns/subcontainer: has its own root, pids and names, as root of the image", "[ns]") {
  World world;
  Subcontainer sub(world.reaper, nullptr, world.options());
  REQUIRE_OK(sub.start());
  CHECK(world.shell(sub, "exec 2>/dev/null; cat /proc/1/comm") == "busybox\n");
  CHECK(world.shell(sub, "/bin/busybox ls /").find("image") == std::string::npos);
  CHECK(world.shell(sub, "/bin/busybox cat /etc/resolv.conf") == "nameserver 10.0.0.1\n");
  CHECK(world.shell(sub, "/bin/busybox id -u; echo $HOME; /bin/busybox pwd") == "0\n/root\n/\n");
  CHECK(world.shell(sub, "/bin/busybox ls /dev/null /sys/kernel >/dev/null && echo yes") ==
        "yes\n");
  CHECK(world.shell(sub, "exit 7").empty());
  CHECK(world.status.code == 7);
}

TEST_CASE("ns/subcontainer: becomes the user of the image, with groups", "[ns]") {
  World world;
  Subcontainer sub(world.reaper, nullptr, world.options());
  CHECK(world.shell(sub, "/bin/busybox id -u; /bin/busybox id -G", "web") == "1000\n1000 2000\n");
  CHECK(world.shell(sub, "echo $HOME; echo ok >> /dev/stdout", "web") == "/srv\nok\n");
}

TEST_CASE("ns/subcontainer: what cannot start says why and leaves nothing", "[ns]") {
  World world;
  Subcontainer sub(world.reaper, nullptr, world.options());
  Command command;
  command.argv = {"/bin/no-such-program"};
  const auto missing = sub.exec(command);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == Errc::not_found);
  CHECK(missing.error().message.find("/bin/no-such-program") != std::string::npos);
  command.argv = {"/bin/busybox"};
  command.user = "nobody";
  CHECK(sub.exec(command).error().message == "the image has no user 'nobody'");
  command.argv = {};
  CHECK(sub.exec(command).error().code == Errc::invalid_params);
}

TEST_CASE("ns/subcontainer: shows volumes, read-only where asked, inside the image only", "[ns]") {
  World world;
  world.directory().write("volumes/main/note", "from the volume");
  auto options = world.options();
  options.mounts = {
      {.source = world.directory().path() / "volumes/main", .subpath = {}, .target = "/data"},
      {.source = world.directory().path() / "volumes/main", .subpath = "made", .target = "/made"},
      {.source = world.directory().path() / "volumes/main",
       .subpath = "note",
       .target = "/etc/note",
       .read_only = true}};
  Subcontainer sub(world.reaper, nullptr, options);
  CHECK(world.shell(sub, "/bin/busybox cat /data/note /etc/note") ==
        "from the volumefrom the volume");
  world.shell(sub, "echo x > /etc/note");
  CHECK(world.status.code != 0);
  world.shell(sub, "echo x > /made/file");
  CHECK(content_of(world.directory().path() / "volumes/main/made/file") == "x\n");
}

TEST_CASE("ns/subcontainer: a link in a volume does not lead out of it", "[ns]") {
  World world;
  world.directory().make("volumes/main");
  fs::create_symlink("/etc", world.directory().path() / "volumes/main/way-out");
  auto options = world.options();
  options.mounts = {{.source = world.directory().path() / "volumes/main",
                     .subpath = "way-out",
                     .target = "/mnt",
                     .read_only = false,
                     .kind = SubcontainerMount::Kind::infer}};
  Subcontainer sub(world.reaper, nullptr, options);
  CHECK(sub.start().error().code == Errc::not_found);
}

TEST_CASE("ns/subcontainer: launch makes the command PID 1", "[ns]") {
  World world;
  Subcontainer sub(world.reaper, nullptr, world.options());
  const auto out = world.directory().path() / "pid";
  const UniqueFd file(::open(out.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  Command command;
  command.argv = {"/bin/sh", "-c", "echo $$"};
  command.stdout_fd = file.get();
  auto process = sub.launch(command);
  REQUIRE_OK(process);
  CHECK(world.wait(**process).code == 0);
  CHECK(content_of(out) == "1\n");
}

TEST_CASE("ns/subcontainer: kill ends everything inside", "[ns]") {
  World world;
  Subcontainer sub(world.reaper, nullptr, world.options());
  Command command;
  command.argv = {"/bin/busybox", "sleep", "1000"};
  auto process = sub.exec(command);
  REQUIRE_OK(process);
  sub.kill();
  CHECK(world.wait(**process).signal == SIGKILL);
  CHECK((*process)->signal(SIGTERM).error().code == Errc::not_found);
}

TEST_CASE("ns/subcontainer: groups are per launch and removed afterwards", "[ns]") {
  const std::string group =
      "/sys/fs/cgroup/" +
      std::string(fs::exists("/sys/fs/cgroup/cgroup.controllers") ? "" : "unified/") +
      "moonbox-unit-" + std::to_string(::getpid());
  REQUIRE(fs::create_directory(group));
  const pid_t child = ::fork();
  if (child == 0) {
    // In a group namespace of its own, as PID 1 of a container is.
    std::ofstream(group + "/cgroup.procs") << "0" << std::flush;
    ::unshare(CLONE_NEWCGROUP | CLONE_NEWNS);
    ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
    int failed = 1;
    {
      World world;
      auto groups = engine::ns::InnerCgroups::open(world.directory().make("cgroup"));
      if (!groups) ::_exit(2);
      Subcontainer sub(world.reaper, groups->get(), world.options());
      const std::string inside = world.shell(sub, "/bin/busybox cat /proc/self/cgroup");
      const bool own_view = inside.find("0::/../exec-") != std::string::npos;
      // A second launch after a kill must work: a killed group is never used again.
      sub.kill();
      const std::string again = world.shell(sub, "echo again");
      sub.kill();
      for (int i = 0; i < 1000 && (*groups)->retired() > 0; ++i) {
        world.reaper.collect();
        (*groups)->sweep();
        ::usleep(1000);
      }
      failed = own_view && again == "again\n" && (*groups)->retired() == 0 ? 0 : 3;
    }
    ::_exit(failed);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WEXITSTATUS(status) == 0);
  for (const char* below : {"/init", ""}) {
    for (int i = 0; i < 1000 && ::rmdir((group + below).c_str()) != 0; ++i)
      ::usleep(1000);
  }
  CHECK_FALSE(fs::exists(group));
}
