// How long a saved handler takes to be live: saves an edited core/echo.lua into the overlay, asks
// on a kept connection until the new answer comes, prints the milliseconds of each reload.
//   reload_probe SOCKET SHIPPED OVERLAY COUNT [reload]
// Every second save replaces the file, the others write into it, as editors do. With `reload` it
// does not wait for the file watch but calls script.reload; the next answer must be the new one.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::string_view kAnswer = "return params.message";
constexpr auto kPatience = std::chrono::seconds(5);

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "reload_probe: %s\n", why.c_str());
  std::exit(1);
}

std::string read_all(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

int dial(const char* path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    die("cannot connect");
  }
  const timeval patience{5, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return fd;
}

constexpr std::string_view kEcho =
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\",\"params\":{\"message\":\"hello\"}}\n";
constexpr std::string_view kReload =
    "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"script.reload\"}\n";

std::string ask(int fd, std::string_view line = kEcho) {
  if (::write(fd, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    die("the connection broke");
  }
  std::string answer;
  char block[4096];
  while (answer.empty() || answer.back() != '\n') {
    const ssize_t got = ::read(fd, block, sizeof block);
    if (got <= 0) die("no answer");
    answer.append(block, static_cast<std::size_t>(got));
  }
  return answer;
}

void save(const std::filesystem::path& path, const std::string& text, bool replace) {
  const std::filesystem::path target = replace ? path.string() + ".new" : path.string();
  std::ofstream(target) << text;
  if (replace) std::filesystem::rename(target, path);
}

void reload(int fd, const std::string& mark) {
  const std::string report = ask(fd, kReload);
  if (report.find("\"result\"") == std::string::npos) die("refused: " + report);
  const std::string answer = ask(fd);
  if (answer.find(mark) == std::string::npos) die("reloaded, but the old answer: " + answer);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5 && argc != 6) die("usage: reload_probe SOCKET SHIPPED OVERLAY COUNT [reload]");
  const bool by_method = argc == 6;
  const std::string shipped = read_all(argv[2]);
  const auto at = shipped.find(kAnswer);
  if (at == std::string::npos) die(std::string(argv[2]) + " is not what it was");
  const std::filesystem::path overlay = argv[3];
  std::filesystem::create_directories(overlay.parent_path());
  const int fd = dial(argv[1]);
  for (int i = 1; i <= std::atoi(argv[4]); ++i) {
    const std::string mark = " edit " + std::to_string(::getpid()) + "-" + std::to_string(i);
    std::string edited = shipped;
    edited.insert(at + kAnswer.size(), " .. '" + mark + "'");
    const auto begin = Clock::now();
    // The file watch may look at any time: a file half written would be refused.
    save(overlay, edited, by_method || i % 2 == 0);
    if (by_method) reload(fd, mark + '"');
    while (ask(fd).find(mark + '"') == std::string::npos) {
      if (Clock::now() - begin > kPatience) die("the new answer did not come within 5 s");
    }
    std::printf("%.3f\n", std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
    std::fflush(stdout);
  }
  return 0;
}
