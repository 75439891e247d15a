#pragma once

#include "connection.hh"
#include "histogram.hh"
#include "options.hh"
#include "protocol.hh"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace loadgen {

/// What a thread has counted. Value type.
struct Counts {
  Histogram latency;
  std::uint64_t done = 0;
  std::uint64_t errors = 0;
  std::uint64_t reconnects = 0;
  std::uint64_t lost = 0;        ///< unanswered when their connection closed
  std::uint64_t mismatched = 0;  ///< answers nobody asked for
  std::uint64_t reordered = 0;   ///< answers overtaken by that to a later request
  std::int64_t longest_gap = 0;  ///< ns without any answer
  double cpu_seconds = 0;
  bool failed = false;
  std::string first;

  void merge(const Counts& other);
};

/// When the load begins, when it counts and when it ends: `now_ns` times.
struct Schedule {
  std::int64_t measure = 0;
  std::int64_t end = 0;
};

/// One thread's share of the load. Latency in a closed loop counts from just before the write that
/// carries the request; with a rate, from the moment the request was due, so that a stall is
/// charged to all it held up. Every request is recorded.
class Worker {
 public:
  Worker(const Options& options, const Protocol& protocol, Schedule schedule);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// `first` and `count` name its connections, `rate` its share of the requests.
  void run(std::size_t first, std::size_t count, double rate);
  const Counts& counts() const { return counts_; }

 private:
  bool open(std::size_t index);
  bool reopen(std::size_t index);
  bool flush(std::size_t index);
  bool refill(std::size_t index);
  bool send_due(std::int64_t now);
  bool serve(std::size_t index, std::uint32_t events);
  bool take_answers(Connection& connection);
  void record(const Answer& answer, std::int64_t started, std::int64_t now);
  void loop();
  std::int64_t wait_for(std::int64_t now) const;

  const Options& options_;
  const Protocol& protocol_;
  const Schedule schedule_;
  int epoll_ = -1;
  std::vector<std::unique_ptr<Connection>> connections_;
  Counts counts_;
  double interval_ = 0;  ///< ns between requests; 0: closed loop
  double due_ = 0;
  std::size_t turn_ = 0;
  bool stalled_ = false;
  std::int64_t last_answer_ = 0;
};

}  // namespace loadgen
