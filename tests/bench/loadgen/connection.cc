#include "connection.hh"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace loadgen {
namespace {

constexpr std::size_t kBuffer = 65536;

int dial_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) die("the socket path is too long");
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
  ::close(fd);
  return -1;
}

int dial_tcp(const std::string& endpoint) {
  const auto colon = endpoint.rfind(':');
  sockaddr_in address{};
  address.sin_family = AF_INET;
  if (colon == std::string::npos ||
      ::inet_pton(AF_INET, endpoint.substr(0, colon).c_str(), &address.sin_addr) != 1) {
    die("--tcp takes a numeric HOST:PORT");
  }
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(endpoint.c_str() + colon + 1)));
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int one = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
  ::close(fd);
  return -1;
}

}  // namespace

std::int64_t now_ns() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

int dial(const Options& options, const Protocol& protocol) {
  const int fd = options.socket.empty() ? dial_tcp(options.tcp) : dial_unix(options.socket);
  if (fd < 0) return -1;
  const timeval patience{5, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (!protocol.greet(fd)) {
    ::close(fd);
    return -1;
  }
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  return fd;
}

Connection::Connection(std::size_t number, std::size_t depth)
    : number_(number), in_(kBuffer), started_(depth), ids_(depth), order_(depth) {}

Connection::~Connection() {
  if (fd_ >= 0) ::close(fd_);
}

void Connection::adopt(int fd) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
  out_.clear();
  sent_ = begin_ = end_ = head_ = tail_ = 0;
  std::fill(started_.begin(), started_.end(), 0);
  free_.clear();
  for (std::size_t slot = started_.size(); slot-- > 0;)
    free_.push_back(slot);
}

void Connection::enqueue(const Protocol& protocol, std::int64_t start) {
  const std::size_t slot = free_.back();
  free_.pop_back();
  ids_[slot] = kFirstId + sequence_++ * started_.size() + slot;
  protocol.append_request(out_, ids_[slot], number_);
  started_[slot] = start;
  order_[tail_++ % order_.size()] = slot;
}

Connection::Flushed Connection::flush() {
  while (sent_ < out_.size()) {
    const ssize_t n = ::send(fd_, out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
    if (n > 0) {
      sent_ += static_cast<std::size_t>(n);
    } else if (errno != EINTR) {
      return errno == EAGAIN ? Flushed::part : Flushed::broken;
    }
  }
  out_.clear();
  sent_ = 0;
  return Flushed::all;
}

std::ptrdiff_t Connection::receive(bool& more) {
  if (begin_ == end_) begin_ = end_ = 0;
  if (end_ == in_.size() && begin_ > 0) {
    std::memmove(in_.data(), in_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == in_.size()) in_.resize(in_.size() * 2);
  const std::size_t room = in_.size() - end_;
  ssize_t n = 0;
  do {
    n = ::recv(fd_, in_.data() + end_, room, 0);
  } while (n < 0 && errno == EINTR);
  more = n == static_cast<ssize_t>(room);
  if (n < 0 && errno == EAGAIN) return 0;
  if (n <= 0) return -1;
  end_ += static_cast<std::size_t>(n);
  return n;
}

std::size_t Connection::slot_of(const Answer& answer, bool by_id) {
  const std::size_t none = started_.size();
  if (!by_id) return in_flight() == 0 ? none : order_[head_++ % order_.size()];
  if (!answer.id || *answer.id < kFirstId) return none;
  const std::size_t slot = (*answer.id - kFirstId) % started_.size();
  return ids_[slot] == *answer.id ? slot : none;
}

std::int64_t Connection::settle(const Answer& answer, bool by_id) {
  const std::size_t slot = slot_of(answer, by_id);
  if (slot == started_.size() || started_[slot] == 0) return 0;
  const std::int64_t start = started_[slot];
  if (ids_[slot] < newest_) ++overtaken_;
  newest_ = std::max(newest_, ids_[slot]);
  started_[slot] = 0;
  free_.push_back(slot);
  return start;
}

}  // namespace loadgen
