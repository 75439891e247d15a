#include "app/daemon/metrics.hh"

#include <fmt/format.h>

#include <algorithm>

namespace engine::app {
namespace {

std::atomic<std::uint64_t> next_id = 1;

/// Written by one thread, read by others.
using Counter = std::atomic<std::uint64_t>;

void add(Counter& counter, std::uint64_t amount) {
  counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

std::uint64_t read(const Counter& counter) {
  return counter.load(std::memory_order_relaxed);
}

}  // namespace

struct Metrics::Counters {
  std::string method;
  Counter calls = 0;
  Counter micros = 0;
  std::array<Counter, kBounds.size() + 1> buckets{};
  std::vector<Counter> errors = std::vector<Counter>(errc_table().size());
};

/// The counters of one thread. It alone changes the map, under the mutex; it reads without.
struct Metrics::Slot {
  std::unordered_map<std::string, std::unique_ptr<Counters>> methods;
};

Metrics::Metrics() : id_(next_id++) {}
Metrics::~Metrics() = default;

Metrics::Slot& Metrics::here() {
  thread_local std::uint64_t owner = 0;
  thread_local Slot* slot = nullptr;
  if (owner == id_) return *slot;
  const std::lock_guard lock(mutex_);
  slot = slots_.emplace_back(std::make_unique<Slot>()).get();
  owner = id_;
  return *slot;
}

Metrics::Counters& Metrics::counters(const std::string& method) {
  Slot& slot = here();
  auto found = slot.methods.find(method);
  if (found == slot.methods.end()) {
    auto made = std::make_unique<Counters>();
    made->method = method;
    const std::lock_guard lock(mutex_);
    found = slot.methods.emplace(method, std::move(made)).first;
  }
  return *found->second;
}

const std::string& Metrics::method_of(const Counters& counters) {
  return counters.method;
}

void Metrics::count(Counters& counters, Clock::duration took, const Errc* error) {
  const std::int64_t micros = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
  const auto bucket = std::ranges::lower_bound(kBounds, micros) - kBounds.begin();
  add(counters.calls, 1);
  add(counters.micros, static_cast<std::uint64_t>(std::max<std::int64_t>(micros, 0)));
  add(counters.buckets[static_cast<std::size_t>(bucket)], 1);
  if (error != nullptr) add(counters.errors[static_cast<std::size_t>(*error)], 1);
}

std::map<std::string, Metrics::Row> Metrics::rows() const {
  std::map<std::string, Row> rows;
  const std::lock_guard lock(mutex_);
  for (const auto& slot : slots_) {
    for (const auto& [method, counters] : slot->methods) {
      Row& row = rows[method];
      row.calls += read(counters->calls);
      row.micros += read(counters->micros);
      for (std::size_t i = 0; i < row.buckets.size(); ++i)
        row.buckets[i] += read(counters->buckets[i]);
      for (std::size_t i = 0; i < counters->errors.size(); ++i) {
        if (const auto count = read(counters->errors[i]); count > 0) {
          row.errors[errc_table()[i].kind] += count;
        }
      }
    }
  }
  return rows;
}

void Metrics::write(std::string& out) const {
  const auto all = rows();
  begin_metric(out, "moonbox_calls_total", "counter", "Calls answered, by method.");
  for (const auto& [method, row] : all)
    put_metric(out,
               "moonbox_calls_total",
               fmt::format("method=\"{}\"", label_value(method)),
               static_cast<double>(row.calls));
  begin_metric(out, "moonbox_call_errors_total", "counter", "Calls that failed, by kind.");
  for (const auto& [method, row] : all) {
    for (const auto& [kind, count] : row.errors)
      put_metric(out,
                 "moonbox_call_errors_total",
                 fmt::format("method=\"{}\",kind=\"{}\"", label_value(method), kind),
                 static_cast<double>(count));
  }
  begin_metric(out, "moonbox_call_seconds", "histogram", "From the decoded call to its answer.");
  for (const auto& [method, row] : all) {
    const std::string label = label_value(method);
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < row.buckets.size(); ++i) {
      below += row.buckets[i];
      const std::string bound = i < kBounds.size()
                                    ? fmt::format("{:g}", static_cast<double>(kBounds[i]) / 1e6)
                                    : std::string("+Inf");
      put_metric(out,
                 "moonbox_call_seconds_bucket",
                 fmt::format("method=\"{}\",le=\"{}\"", label, bound),
                 static_cast<double>(below));
    }
    put_metric(out,
               "moonbox_call_seconds_sum",
               fmt::format("method=\"{}\"", label),
               static_cast<double>(row.micros) / 1e6);
    put_metric(out,
               "moonbox_call_seconds_count",
               fmt::format("method=\"{}\"", label),
               static_cast<double>(row.calls));
  }
}

void begin_metric(std::string& out,
                  std::string_view name,
                  std::string_view type,
                  std::string_view help) {
  out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void put_metric(std::string& out, std::string_view name, std::string_view labels, double value) {
  const std::string tags = labels.empty() ? std::string() : fmt::format("{{{}}}", labels);
  out += fmt::format("{}{} {}\n", name, tags, value);
}

std::string label_value(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\' || c == '"') escaped += '\\';
    if (c == '\n') {
      escaped += "\\n";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

}  // namespace engine::app
