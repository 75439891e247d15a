// Load on a server of this machine, closed loop or at a fixed rate; `loadgen --help`.
#include "options.hh"
#include "protocol.hh"
#include "worker.hh"
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <thread>
#include <vector>

namespace {

using namespace loadgen;

/// CPU seconds of all threads of a process, exact to the scheduler's own accounting.
double process_cpu(pid_t pid) {
  double total = 0;
  std::error_code gone;
  for (const auto& task :
       std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid), gone)) {
    double ran = 0;
    if (std::ifstream(task.path() / "schedstat") >> ran) total += ran / 1e9;
  }
  return total;
}

void sleep_until(std::int64_t at) {
  std::this_thread::sleep_for(std::chrono::nanoseconds(at - now_ns()));
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c >= ' ') out += c;
  }
  return out += '"';
}

void print(const Options& o, const Protocol& protocol, const Counts& c, double server_cpu) {
  const Histogram& l = c.latency;
  fmt::print(R"({{"proto":"{}","connections":{},"depth":{},"threads":{},"seconds":{:g},)"
             R"("rate":{:g},"request_bytes":{},)",
             o.protocol,
             o.connections,
             o.depth,
             o.threads,
             o.seconds,
             o.rate,
             protocol.request_size());
  fmt::print(R"("requests":{},"rps":{:.1f},"errors":{},"lost":{},"mismatched":{},"reordered":{},)"
             R"("reconnects":{},"max_gap_ms":{:.3f},"client_cpu_pct":{:.1f},)",
             c.done,
             static_cast<double>(c.done) / o.seconds,
             c.errors,
             c.lost,
             c.mismatched,
             c.reordered,
             c.reconnects,
             static_cast<double>(c.longest_gap) / 1e6,
             100 * c.cpu_seconds / o.seconds);
  if (o.server != 0 && c.done > 0) {
    fmt::print(R"("server_cpu_us":{:.3f},)", server_cpu * 1e6 / static_cast<double>(c.done));
  }
  if (o.print_first) fmt::print(R"("first":{},)", json_string(c.first));
  fmt::print(R"("lat_us":{{"mean":{:.2f},"p50":{:.2f},"p90":{:.2f},"p99":{:.2f},"p999":{:.2f},)"
             R"("max":{:.2f}}}}})"
             "\n",
             l.mean() / 1e3,
             l.quantile(.5) / 1e3,
             l.quantile(.9) / 1e3,
             l.quantile(.99) / 1e3,
             l.quantile(.999) / 1e3,
             static_cast<double>(l.max()) / 1e3);
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse_options(argc, argv);
  const auto protocol = make_protocol(options);
  const std::int64_t begin = now_ns();
  const std::int64_t measure = begin + static_cast<std::int64_t>(options.warmup * 1e9);
  const Schedule schedule{measure, measure + static_cast<std::int64_t>(options.seconds * 1e9)};
  std::vector<std::unique_ptr<Worker>> workers;
  std::vector<std::thread> threads;
  std::size_t first = 0;
  for (int i = 0; i < options.threads; ++i) {
    const auto count = static_cast<std::size_t>(options.connections / options.threads +
                                                (i < options.connections % options.threads));
    const double rate = options.rate * static_cast<double>(count) / options.connections;
    Worker& worker = *workers.emplace_back(std::make_unique<Worker>(options, *protocol, schedule));
    threads.emplace_back([&worker, first, count, rate] { worker.run(first, count, rate); });
    first += count;
  }
  double server_cpu = 0;
  if (options.server != 0) {
    sleep_until(schedule.measure);
    server_cpu = -process_cpu(options.server);
    sleep_until(schedule.end);
    server_cpu += process_cpu(options.server);
  }
  Counts total;
  for (std::size_t i = 0; i < threads.size(); ++i) {
    threads[i].join();
    total.merge(workers[i]->counts());
  }
  print(options, *protocol, total, server_cpu);
  return total.failed || total.done == 0 ? 1 : 0;
}
