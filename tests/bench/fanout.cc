// Events to many subscribers at once: opens connections to a daemon, subscribes each to events of
// type "bench", has the method bench.emit publish, and tells what came, how late, and what a
// subscriber that reads nothing was told of its loss. Or, with --idle, only holds connections and
// tells what they cost the server in memory.
#include "base/unique_fd.hh"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using engine::UniqueFd;

struct Options {
  std::string socket;
  int server_pid = 0;
  int subscribers = 50;
  int stalled = 0;
  int idle = 0;
  int rate = 1'000;
  double seconds = 5;
};

double now() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double>(since).count();
}

UniqueFd connect_to(const std::string& path) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    throw std::runtime_error(fmt::format("connecting to {}: {}", path, std::strerror(errno)));
  }
  return fd;
}

/// The number behind `"name":` in a line.
double number(std::string_view line, std::string_view name) {
  const std::size_t at = line.find(fmt::format("\"{}\":", name));
  if (at == std::string_view::npos) return -1;
  return std::strtod(line.data() + at + name.size() + 3, nullptr);
}

/// A connection and what has come on it.
class Reader {
 public:
  explicit Reader(const std::string& socket) : fd_(connect_to(socket)) {}

  void send(std::string line) {
    line += '\n';
    if (::write(fd_.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
      throw std::runtime_error("a short write");
    }
  }
  /// Reads what is there; hands over whole lines. False at the end.
  template <typename F>
  bool read(F&& on_line) {
    char chunk[65536];
    const ssize_t got = ::recv(fd_.get(), chunk, sizeof(chunk), MSG_DONTWAIT);
    if (got == 0) return false;
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    rest_.append(chunk, static_cast<std::size_t>(got));
    std::size_t begin = 0;
    for (auto end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n', begin)) {
      on_line(std::string_view(rest_).substr(begin, end - begin));
      begin = end + 1;
    }
    rest_.erase(0, begin);
    return true;
  }
  [[nodiscard]] int fd() const { return fd_.get(); }
  /// Waits for one line.
  std::string line() {
    std::string found;
    while (found.empty()) {
      pollfd one{fd_.get(), POLLIN, 0};
      if (::poll(&one, 1, 30'000) <= 0) throw std::runtime_error("no answer in 30 s");
      if (!read([&found](std::string_view text) { found = text; }))
        throw std::runtime_error("the server closed the connection");
    }
    return found;
  }

  long events = 0;
  long dropped = 0;    ///< as told
  long lost = 0;       ///< as found
  long last = 0;       ///< number of the last event
  bool ended = false;  ///< the server has said that nothing more comes

  void on_line(std::string_view line, double at, std::vector<double>& late) {
    if (line.find("\"method\":\"lagged\"") != std::string_view::npos) {
      dropped += static_cast<long>(number(line, "dropped"));
    } else if (line.find("\"method\":\"end\"") != std::string_view::npos) {
      dropped += static_cast<long>(number(line, "dropped"));
      ended = true;
    } else if (line.find("\"method\":\"event\"") != std::string_view::npos) {
      ++events;
      const auto n = static_cast<long>(number(line, "n"));
      lost += n - last - 1;
      last = n;
      late.push_back(at - number(line, "at"));
    }
  }

 private:
  UniqueFd fd_;
  std::string rest_;
};

using Readers = std::vector<std::unique_ptr<Reader>>;

Readers open(const std::string& socket, int count, bool subscribe) {
  Readers readers;
  for (int i = 0; i < count; ++i) {
    readers.push_back(std::make_unique<Reader>(socket));
    if (!subscribe) continue;
    readers.back()->send(R"({"id":1,"method":"event.subscribe","params":{"type":["bench"]}})");
    if (readers.back()->line().find("\"sub\":") == std::string::npos) {
      throw std::runtime_error("event.subscribe was refused");
    }
  }
  return readers;
}

double percentile(std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto at = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1));
  return sorted[at] * 1'000;
}

/// Reads all that comes until `emitter` has its answer and the readers have all events.
void read_events(
    Reader& emitter, Readers& readers, long total, std::vector<double>& late, std::string& answer) {
  std::vector<pollfd> polled{{emitter.fd(), POLLIN, 0}};
  for (const auto& reader : readers)
    polled.push_back({reader->fd(), POLLIN, 0});
  const auto complete = [&] {
    return !answer.empty() &&
           std::ranges::all_of(readers, [&](const auto& one) { return one->last == total; });
  };
  while (!complete()) {
    if (::poll(polled.data(), polled.size(), 5'000) == 0) return;
    for (std::size_t i = 0; i < polled.size(); ++i) {
      if (polled[i].revents == 0) continue;
      if (i == 0) {
        emitter.read([&answer](std::string_view line) { answer = line; });
        continue;
      }
      const double at = now();
      Reader& reader = *readers[i - 1];
      if (!reader.read([&](std::string_view line) { reader.on_line(line, at, late); }))
        throw std::runtime_error("the server closed a healthy connection");
    }
  }
}

void fan_out(const Options& options) {
  Reader emitter(options.socket);
  Readers stalled = open(options.socket, options.stalled, true);
  Readers healthy = open(options.socket, options.subscribers - options.stalled, true);
  const long total = std::lround(options.rate * options.seconds);
  std::vector<double> late;
  late.reserve(static_cast<std::size_t>(total) * healthy.size());
  std::string answer;
  emitter.send(fmt::format(R"({{"id":1,"method":"bench.emit","params":{{"rate":{},"count":{}}}}})",
                           options.rate,
                           total));
  read_events(emitter, healthy, total, late, answer);
  if (number(answer, "sent") < 0) throw std::runtime_error("bench.emit answered " + answer);
  std::vector<double> ignored;
  for (const auto& each : stalled) {
    while (each->last < total && !each->ended) {
      pollfd one{each->fd(), POLLIN, 0};
      if (::poll(&one, 1, 5'000) <= 0) break;
      if (!each->read([&](std::string_view line) { each->on_line(line, 0, ignored); })) break;
    }
  }
  long lost = 0;
  for (const auto& each : healthy)
    lost += total - each->events;
  long untold = 0;
  long dropped = 0;
  long ended = 0;
  for (const auto& each : stalled) {
    dropped += each->dropped;
    ended += each->ended ? 1 : 0;
    untold += total - each->events - each->dropped;
  }
  std::ranges::sort(late);
  fmt::print(R"({{"sent":{},"lost":{},"p50":{:.3f},"p99":{:.3f},"max":{:.3f},"emit_us":{:.3f},)"
             R"("stalled_dropped":{},"stalled_untold":{},"stalled_ended":{},"seconds":{:.3f}}})"
             "\n",
             total,
             lost,
             percentile(late, 0.5),
             percentile(late, 0.99),
             percentile(late, 1),
             number(answer, "spent") * 1e6 / static_cast<double>(total),
             dropped,
             untold,
             ended,
             number(answer, "took"));
}

/// Resident memory of a process in MiB.
double resident(int pid) {
  std::ifstream file(fmt::format("/proc/{}/statm", pid));
  double size = 0;
  double pages = 0;
  file >> size >> pages;
  return pages * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

void hold(const Options& options) {
  const double before = resident(options.server_pid);
  const Readers idle = open(options.socket, options.idle, false);
  const Readers subscribed = open(options.socket, options.subscribers, true);
  // A call on the last connection is answered after all were taken.
  subscribed.back()->send(R"({"id":1,"method":"echo","params":{"message":"x"}})");
  subscribed.back()->line();
  fmt::print("{{\"before\":{:.2f},\"after\":{:.2f}}}\n", before, resident(options.server_pid));
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("fanout");
  app.add_option("--socket", options.socket)->required();
  app.add_option("--server-pid", options.server_pid);
  app.add_option("--subscribers", options.subscribers);
  app.add_option("--stalled", options.stalled);
  app.add_option("--idle", options.idle);
  app.add_option("--rate", options.rate);
  app.add_option("--seconds", options.seconds);
  CLI11_PARSE(app, argc, argv);
  try {
    options.idle > 0 ? hold(options) : fan_out(options);
    return 0;
  } catch (const std::exception& problem) {
    fmt::print("fanout: {}\n", problem.what());
    return 1;
  }
}
