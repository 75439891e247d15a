#include "container_world.hh"

#include "base/file.hh"
#include "json/reader.hh"
#include "json/writer.hh"
#include "ns/command.hh"

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

namespace fs = std::filesystem;
using engine::UniqueFd;
using engine::json::Value;

namespace {

constexpr const char* kOwner = "100000:100000";

void write_text(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

void give_to_container(const fs::path& path) {
  REQUIRE(engine::ns::run_command({"chown", "-R", kOwner, path.string()}));
}

fs::path unified_tree() {
  return fs::exists("/sys/fs/cgroup/cgroup.controllers") ? "/sys/fs/cgroup"
                                                         : "/sys/fs/cgroup/unified";
}

void remove_group(const fs::path& group) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(group, ignored)) {
    if (entry.is_directory(ignored)) remove_group(entry.path());
  }
  ::rmdir(group.c_str());
}

// --- in the child: what liblxc does for a container ---

void need(bool fine, const char* what) {
  if (fine) return;
  std::perror(what);
  ::_exit(99);
}

void raise_loopback() {
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP;
  need(::ioctl(socket, SIOCSIFFLAGS, &request) == 0, "lo");
  ::close(socket);
}

void bind_device(const fs::path& root, const char* name) {
  const fs::path target = root / "dev" / name;
  const int file = ::open(target.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
  need(file >= 0, name);
  ::close(file);
  const fs::path source = fs::path("/dev") / name;
  need(::mount(source.c_str(), target.c_str(), nullptr, MS_BIND, nullptr) == 0, name);
}

void mount_all(const fs::path& root) {
  need(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "private");
  need(::mount(root.c_str(), root.c_str(), nullptr, MS_BIND, nullptr) == 0, "root");
  const auto at = [&root](const char* name) { return (root / name).string(); };
  need(::mount("proc", at("proc").c_str(), "proc", 0, nullptr) == 0, "proc");
  need(::mount("sysfs", at("sys").c_str(), "sysfs", 0, nullptr) == 0, "sysfs");
  need(::mount("tmpfs", at("dev").c_str(), "tmpfs", 0, "mode=0755") == 0, "dev");
  for (const char* name : {"null", "zero", "random", "urandom"})
    bind_device(root, name);
}

[[noreturn]] void become_container(const fs::path& root, int go) {
  char byte = 0;
  need(::read(go, &byte, 1) == 1, "map");
  need(::setgroups(0, nullptr) == 0 && ::setgid(0) == 0 && ::setuid(0) == 0, "root");
  need(::unshare(CLONE_NEWCGROUP) == 0, "cgroup");
  raise_loopback();
  mount_all(root);
  need(::chdir(root.c_str()) == 0, "chdir");
  need(::syscall(SYS_pivot_root, ".", ".") == 0, "pivot_root");
  need(::umount2(".", MNT_DETACH) == 0 && ::chdir("/") == 0, "old root");
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int console = ::open("/console.log", O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(console, 2);
  const char* environment[] = {"PATH=/bin", "MOONBOX_PACKAGE=test", nullptr};
  ::execle("/moon-container", "moon-container", nullptr, environment);
  need(false, "exec");
  ::_exit(98);
}

}  // namespace

bool eventually(const std::function<bool()>& condition) {
  const auto deadline = engine::Clock::now() + ContainerWorld::kPatience;
  while (engine::Clock::now() < deadline) {
    if (condition()) return true;
    ::usleep(2000);
  }
  return condition();
}

ContainerWorld::ContainerWorld(const fs::path& package) {
  prepare();
  fs::copy(package, root_ / "usr/lib/startos/package", fs::copy_options::recursive);
  boot();
}

ContainerWorld::ContainerWorld(const std::map<std::string, std::string>& files) {
  prepare();
  for (const auto& [name, content] : files)
    write_text(root_ / "usr/lib/startos/package" / name, content);
  boot();
}

void ContainerWorld::prepare() {
  std::string pattern = "/tmp/moonbox-rt-XXXXXX";
  REQUIRE(::mkdtemp(pattern.data()) != nullptr);
  directory_ = pattern;
  ::chmod(pattern.c_str(), 0755);
  root_ = directory_ / "root";
  for (const char* name : {"proc",
                           "sys",
                           "dev",
                           "tmp",
                           "bin",
                           "etc",
                           "media/startos/rpc",
                           "media/startos/volumes/main",
                           "media/startos/images",
                           "media/startos/logs",
                           "media/startos/subcontainers",
                           "media/startos/backup",
                           "usr/lib/startos",
                           "usr/lib/moonbox/scripts"})
    fs::create_directories(root_ / name);
  fs::copy_file(MOONBOX_CONTAINER, root_ / "moon-container");
  fs::copy_file("/bin/busybox", root_ / "bin/busybox");
  for (const char* part : {"lib", "runtime"})
    fs::copy(fs::path(MOONBOX_SOURCE_DIR) / "scripts" / part,
             root_ / "usr/lib/moonbox/scripts" / part,
             fs::copy_options::recursive);
  write_text(root_ / "etc/resolv.conf", "nameserver 192.0.2.1\n");
  write_text(root_ / "media/startos/images/main.json", R"({"workdir":"/","user":"root"})");
  write_text(root_ / "media/startos/images/main.env", "LANG=C.UTF-8");
}

void ContainerWorld::boot() {
  give_to_container(root_);
  group_ = unified_tree() / ("moonbox-rt-" + std::to_string(::getpid()));
  fs::create_directory(group_);
  give_to_container(group_);
  const UniqueFd group(::open(group_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  clone_args arguments{};
  arguments.flags = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC |
                    CLONE_NEWUTS | CLONE_INTO_CGROUP;
  arguments.exit_signal = SIGCHLD;
  arguments.cgroup = static_cast<std::uint64_t>(group.get());
  began_ = engine::Clock::now();
  pid_ = static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
  REQUIRE(pid_ >= 0);
  if (pid_ == 0) become_container(root_, ends[0]);
  ::close(ends[0]);
  for (const char* map : {"uid_map", "gid_map"})
    std::ofstream("/proc/" + std::to_string(pid_) + "/" + map) << "0 100000 65536";
  REQUIRE(::write(ends[1], "x", 1) == 1);
  ::close(ends[1]);
  // Only now: the child of a process with threads could not use the C library.
  host_ = std::make_unique<FakeHost>(root_ / "media/startos/rpc/host.sock",
                                     [this](const FakeHost::Call& call) { return answer(call); });
  INFO("the runtime does not answer");
  REQUIRE(eventually([this] { return fs::exists(root_ / "media/startos/rpc/service.sock"); }));
}

ContainerWorld::~ContainerWorld() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  host_.reset();
  (void)eventually([this] {
    remove_group(group_);
    return !fs::exists(group_);
  });
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

int ContainerWorld::wait_exit() {
  int status = -1;
  REQUIRE(eventually([&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; }));
  pid_ = -1;
  return status;
}

void ContainerWorld::write_package(const std::string& name, const std::string& content) const {
  write_text(root_ / "usr/lib/startos/package" / name, content);
}

// The host would mount an overlay here; a copy looks the same from inside.
void ContainerWorld::make_subcontainer(const std::string& name) const {
  const fs::path image = root_ / "media/startos/subcontainers" / name;
  fs::create_directories(image / "bin");
  fs::copy_file("/bin/busybox", image / "bin/busybox");
  for (const char* applet : {"sh", "httpd", "sleep", "cat", "wget", "id", "ps", "kill"})
    fs::create_symlink("busybox", image / "bin" / applet);
  write_text(image / "etc/passwd", "root:x:0:0::/root:/bin/sh\nweb:x:1000:1000::/:/bin/sh\n");
  write_text(image / "etc/group", "web:x:1000:\n");
  give_to_container(image);
}

Value ContainerWorld::answer(const FakeHost::Call& call) {
  if (call.method == "subcontainer.create-fs") {
    const std::string guid = "GUID" + std::to_string(++subcontainers_);
    make_subcontainer(guid);
    return engine::json::Array{"/media/startos/subcontainers/" + guid, guid};
  }
  if (call.method == "set-data-version") data_version_ = call.params.string_or("version", "");
  if (call.method == "get-data-version" && !data_version_.empty()) return data_version_;
  if (call.method == "get-service-manifest") {
    return engine::json::Object{{"id", "test"}, {"version", "1.0.0:0"}};
  }
  return {};
}

UniqueFd ContainerWorld::send(const std::string& method, const std::string& params) {
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = root_ / "media/startos/rpc/service.sock";
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  REQUIRE(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  const std::string line =
      R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":)" + params + "}\n";
  REQUIRE(engine::write_all(socket.get(), line));
  return socket;
}

Value ContainerWorld::receive(int connection, engine::Milliseconds limit) {
  std::string line;
  const auto deadline = engine::Clock::now() + limit;
  while (line.empty() || line.back() != '\n') {
    const auto left =
        std::chrono::duration_cast<engine::Milliseconds>(deadline - engine::Clock::now());
    pollfd ready{.fd = connection, .events = POLLIN, .revents = 0};
    if (left.count() <= 0 || ::poll(&ready, 1, static_cast<int>(left.count())) == 0) return {};
    char block[65'536];
    const ssize_t got = ::read(connection, block, sizeof block);
    if (got <= 0) return {};
    line.append(block, static_cast<std::size_t>(got));
  }
  return *engine::json::parse(line);
}

Value ContainerWorld::ask(const std::string& method, const std::string& params) {
  const UniqueFd connection = send(method, params);
  return receive(connection.get());
}

Value ContainerWorld::call(const std::string& method, const std::string& params) {
  const Value answer = ask(method, params);
  INFO(method << ": " << engine::json::write(answer));
  const Value* result = answer.find("result");
  REQUIRE(result != nullptr);
  return *result;
}

Value ContainerWorld::error(const std::string& method, const std::string& params) {
  const Value answer = ask(method, params);
  INFO(method << ": " << engine::json::write(answer));
  const Value* failed = answer.find("error");
  REQUIRE(failed != nullptr);
  return *failed;
}

std::string ContainerWorld::eval(const std::string& script) {
  const Value answer = call("eval", R"({"script":)" + engine::json::quote(script) + "}");
  const Value* result = answer.find("result");
  return result == nullptr ? "nil" : engine::json::write(*result);
}
