#include "worker.hh"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace loadgen {
namespace {

double thread_cpu() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

}  // namespace

void Counts::merge(const Counts& other) {
  latency.merge(other.latency);
  done += other.done;
  errors += other.errors;
  reconnects += other.reconnects;
  lost += other.lost;
  mismatched += other.mismatched;
  reordered += other.reordered;
  longest_gap = std::max(longest_gap, other.longest_gap);
  cpu_seconds += other.cpu_seconds;
  failed = failed || other.failed;
  if (first.empty()) first = other.first;
}

Worker::Worker(const Options& options, const Protocol& protocol, Schedule schedule)
    : options_(options), protocol_(protocol), schedule_(schedule) {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
}

Worker::~Worker() {
  ::close(epoll_);
}

bool Worker::open(std::size_t index) {
  for (int attempt = 0; attempt < 400 && now_ns() < schedule_.end; ++attempt) {
    const int fd = dial(options_, protocol_);
    if (fd < 0) {
      ::usleep(5000);
      continue;
    }
    connections_[index]->adopt(fd);
    epoll_event event{.events = EPOLLIN, .data = {.u64 = index}};
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
    return true;
  }
  return false;
}

bool Worker::reopen(std::size_t index) {
  counts_.lost += connections_[index]->in_flight();
  if (!options_.reconnect) return false;
  ++counts_.reconnects;
  return open(index) && refill(index);
}

bool Worker::flush(std::size_t index) {
  const Connection::Flushed flushed = connections_[index]->flush();
  if (flushed == Connection::Flushed::broken) return false;
  if (flushed == Connection::Flushed::part) {
    epoll_event event{.events = EPOLLIN | EPOLLOUT, .data = {.u64 = index}};
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, connections_[index]->fd(), &event);
  }
  return true;
}

bool Worker::refill(std::size_t index) {
  if (interval_ > 0) return flush(index);
  const std::int64_t now = now_ns();
  while (connections_[index]->has_room())
    connections_[index]->enqueue(protocol_, now);
  return flush(index);
}

// Everything due goes to the next connection with room; where there is none, it stays due.
bool Worker::send_due(std::int64_t now) {
  stalled_ = false;
  while (due_ <= static_cast<double>(now)) {
    std::size_t tried = 0;
    while (tried < connections_.size() && !connections_[turn_]->has_room()) {
      ++tried;
      turn_ = (turn_ + 1) % connections_.size();
    }
    stalled_ = tried == connections_.size();
    if (stalled_) return true;
    connections_[turn_]->enqueue(protocol_, static_cast<std::int64_t>(due_));
    if (!flush(turn_) && !reopen(turn_)) return false;
    turn_ = (turn_ + 1) % connections_.size();
    due_ += interval_;
  }
  return true;
}

void Worker::record(const Answer& answer, std::int64_t started, std::int64_t now) {
  if (now < schedule_.measure || now >= schedule_.end) return;
  const bool good = answer.good && (options_.expect.empty() ||
                                    answer.payload.find(options_.expect) != std::string::npos);
  if (good) {
    ++counts_.done;
    counts_.latency.add(now - started);
  } else {
    ++counts_.errors;
  }
  if (last_answer_ != 0) {
    counts_.longest_gap = std::max(counts_.longest_gap, now - last_answer_);
  }
  last_answer_ = now;
}

/// False: the connection is of no more use.
bool Worker::take_answers(Connection& connection) {
  const std::int64_t now = now_ns();
  for (;;) {
    Answer answer;
    const std::ptrdiff_t used = protocol_.parse(connection.received(), answer);
    if (used == 0) return true;
    if (used < 0) {
      ++counts_.errors;
      return false;
    }
    connection.consume(static_cast<std::size_t>(used));
    if (answer.control) continue;
    if (counts_.first.empty()) counts_.first = answer.payload.substr(0, 300);
    const std::int64_t started = connection.settle(answer, protocol_.by_id());
    if (started == 0) {
      ++counts_.mismatched;
      continue;
    }
    record(answer, started, now);
    // Whoever sends on after an announced close would lose requests.
    if (answer.closes) return false;
  }
}

bool Worker::serve(std::size_t index, std::uint32_t events) {
  Connection& connection = *connections_[index];
  bool good = true;
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
    for (bool more = true; good && more;) {
      const std::ptrdiff_t got = connection.receive(more);
      if (got == 0) break;
      good = got > 0 && take_answers(connection);
    }
  }
  if (good && (events & EPOLLOUT) != 0) {
    epoll_event event{.events = EPOLLIN, .data = {.u64 = index}};
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd(), &event);
  }
  return (good && refill(index)) || reopen(index);
}

std::int64_t Worker::wait_for(std::int64_t now) const {
  std::int64_t wait = std::min<std::int64_t>(schedule_.end - now, 100'000'000);
  if (interval_ > 0 && !stalled_) {
    wait = std::min(wait, std::max<std::int64_t>(0, static_cast<std::int64_t>(due_) - now));
  }
  return wait;
}

void Worker::loop() {
  epoll_event events[256];
  double cpu_before = thread_cpu();
  bool measuring = false;
  for (std::int64_t now = now_ns(); now < schedule_.end; now = now_ns()) {
    if (!measuring && now >= schedule_.measure) {
      measuring = true;
      last_answer_ = now;
      cpu_before = thread_cpu();
    }
    if (interval_ > 0 && !send_due(now)) break;
    const std::int64_t wait = wait_for(now);
    const timespec timeout{wait / 1'000'000'000, wait % 1'000'000'000};
    const int count = ::epoll_pwait2(epoll_, events, 256, &timeout, nullptr);
    if (count < 0 && errno != EINTR) die("epoll fails");
    for (int i = 0; i < count; ++i) {
      if (!serve(events[i].data.u64, events[i].events)) {
        counts_.failed = now_ns() < schedule_.end;
        return;
      }
    }
  }
  const std::int64_t end = std::min(now_ns(), schedule_.end);
  counts_.longest_gap = std::max(counts_.longest_gap, end - last_answer_);
  counts_.cpu_seconds = thread_cpu() - cpu_before;
  for (const auto& connection : connections_)
    counts_.reordered += connection->overtaken();
}

void Worker::run(std::size_t first, std::size_t count, double rate) {
  ::prctl(PR_SET_TIMERSLACK, 1);
  interval_ = rate > 0 ? 1e9 / rate : 0;
  const auto depth = static_cast<std::size_t>(options_.depth);
  for (std::size_t i = 0; i < count; ++i) {
    connections_.push_back(std::make_unique<Connection>(first + i, depth));
    if (open(i)) continue;
    std::fprintf(stderr, "loadgen: cannot connect\n");
    counts_.failed = true;
    return;
  }
  due_ = static_cast<double>(now_ns());
  for (std::size_t i = 0; i < count; ++i)
    refill(i);
  loop();
}

}  // namespace loadgen
