#include "http/connection.hh"

#include "http/connection_set.hh"
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace engine::http {
namespace {

constexpr std::size_t kKeptCapacity = 64UL << 10U;
constexpr std::size_t kFilePerTurn = 1UL << 20U;
constexpr std::size_t kFilePart = 64UL << 10U;
constexpr std::uint32_t kReadEvents = EPOLLIN | EPOLLRDHUP;
constexpr std::string_view kNotPlain =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 42\r\n"
    "Connection: close\r\n\r\nthis port speaks TLS: use https:// or wss\n";

}  // namespace

/// The request that a WebSocket began with, and the memory it points to.
struct Connection::Upgrade {
  Upgrade(std::string_view head_bytes, const Request& from) : head(head_bytes), request(from) {
    const auto moved = [&](std::string_view view) {
      return view.empty()
                 ? std::string_view()
                 : std::string_view(head).substr(
                       static_cast<std::size_t>(view.data() - head_bytes.data()), view.size());
    };
    for (const Header& header : from.headers)
      headers.push_back({moved(header.name), moved(header.value)});
    request.method = moved(from.method);
    request.target = moved(from.target);
    request.path = moved(from.path);
    request.query = moved(from.query);
    request.body = {};
    request.headers = headers;
  }
  std::string head;
  std::vector<Header> headers;
  Request request;
};

Connection::Connection(ConnectionSet& set,
                       std::uint64_t id,
                       std::unique_ptr<Transport> transport,
                       std::optional<net::PeerCredentials> peer,
                       std::string address,
                       net::ConnectionQuota::Place place)
    : set_(set),
      id_(id),
      transport_(std::move(transport)),
      peer_(peer),
      address_(std::move(address)),
      place_(std::move(place)),
      opened_at_(set.now()),
      last_input_(set.now()),
      last_output_(set.now()),
      last_progress_(set.now()),
      shaking_hands_(transport_->secure()) {}

Connection::~Connection() = default;

const Request& Connection::upgrade_request() const {
  static const Request none;
  return upgrade_ ? upgrade_->request : none;
}

Handler& Connection::handler() {
  return set_.handler();
}

const Limits& Connection::limits() const {
  return set_.limits();
}

TimePoint Connection::now() const {
  return set_.now();
}

bool Connection::draining() const {
  return set_.draining();
}

std::size_t Connection::unsent() const {
  return out_.size() - out_begin_ + transport_->pending() + dialect_->held_back();
}

void Connection::start(std::shared_ptr<Connection> self, std::unique_ptr<Dialect> dialect) {
  self_ = self;
  dialect_ = std::move(dialect);
  if (shaking_hands_) return;
  announced_ = true;
  handler().on_open(*this);
}

void Connection::send(std::string_view text) {
  if (gone_ || ending()) return;
  dialect_->send(text);
  changed();
}

void Connection::when_writable(Completion<> done) {
  if (gone_ || failed_) {
    set_.loop().post([done = std::move(done)]() mutable {
      done(fail(Errc::connection_lost, "the connection is closed"));
    });
  } else if (unsent() <= limits().writable) {
    set_.loop().post([done = std::move(done)]() mutable { done({}); });
  } else {
    writable_waiters_.push_back(std::move(done));
  }
}

void Connection::close(unsigned code, std::string_view reason) {
  if (gone_ || ending()) return;
  dialect_->close(code, reason);
  changed();
}

void Connection::abort() {
  failed_ = true;
  changed();
}

void Connection::end(bool linger) {
  if (closing_) return;
  closing_ = true;
  linger_ = linger;
  changed();
}

void Connection::drain() {
  if (shaking_hands_) {
    abort();
  } else {
    dialect_->drain();
    changed();
  }
}

void Connection::changed() {
  if (!stepping_ && !gone_) set_.look_at(*this);
}

void Connection::become(std::unique_ptr<Dialect> dialect,
                        std::string_view head,
                        const Request& request) {
  upgrade_ = std::make_unique<Upgrade>(head, request);
  next_dialect_ = std::move(dialect);
}

void Connection::send_file(UniqueFd file, std::uint64_t size) {
  file_ = std::move(file);
  file_left_ = size;
  changed();
}

void Connection::note_events(std::uint32_t events) {
  transport_->note_events(events);
  if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) blocked_ = false;
}

bool Connection::wants_input() const {
  return !ending() && !dialect_->paused() && unsent() <= limits().unsent;
}

bool Connection::has_work() const {
  if (failed_) return false;
  if (shaking_hands_) return transport_->readable();
  if (file_ && !blocked_) return true;
  if (closing_) return linger_ && transport_->readable() && !ended_;
  if (!wants_input()) return false;
  return has_unread() || (transport_->readable() && !ended_);
}

/// Whether the dialect has something to do without new bytes.
bool Connection::has_unread() const {
  return (!in_.empty() && !starved_) || dialect_->has_unread();
}

bool Connection::drained_out() const {
  return out_.size() == out_begin_ && transport_->pending() == 0 && !file_;
}

bool Connection::finished() const {
  if (failed_) return true;
  if (closing_ && output_ended_) {
    return !linger_ || ended_ || transport_->hung_up() || set_.now() >= linger_until_;
  }
  return ended_ && transport_->hung_up() && !has_unread();
}

/// The first part of the connection's step: reads once. What was read before comes first. Once we
/// are closing, nobody wants what comes.
std::size_t Connection::read_input(std::span<char> room) {
  if (shaking_hands_ || failed_ || ended_ || !transport_->readable()) return 0;
  if (closing_ ? !linger_ : has_unread() || !wants_input()) return 0;
  const Transport::Outcome got = transport_->read(room);
  switch (got.status) {
    case Transport::Status::ok:
      if (closing_) return 0;
      fresh_ = room.first(got.bytes);
      last_input_ = last_progress_ = set_.now();
      return got.bytes;
    case Transport::Status::blocked:
      return 0;
    case Transport::Status::failed:
      failed_ = true;
      return 0;
    case Transport::Status::ended:
      ended_ = end_came_ = true;
      return 0;
  }
  return 0;
}

/// The second: hands over what came.
void Connection::take_input() {
  stepping_ = true;
  const std::span<char> fresh = std::exchange(fresh_, {});
  const bool end_came = std::exchange(end_came_, false);
  if (shaking_hands_) handshake();
  if (shaking_hands_ || failed_) return;
  if (closing_) return in_.clear();
  std::size_t budget = limits().per_turn;
  if (end_came) dialect_->end_of_input();
  if (fresh.empty()) {
    hand_over(budget);
  } else {
    take_fresh(fresh, budget);
  }
}

/// The third: writes once what was answered meanwhile.
void Connection::write_output() {
  if (!shaking_hands_ && !failed_) {
    flush();
    after_flush();
  }
  stepping_ = false;
}

void Connection::handshake() {
  switch (transport_->handshake()) {
    case Transport::Status::ok:
      shaking_hands_ = false;
      announced_ = true;
      handler().on_open(*this);
      break;
    case Transport::Status::blocked:
      if (transport_->pending() > 0) watch_writable(true);
      break;
    default:
      if (transport_->met_plain_http()) transport_->write_plain(kNotPlain);
      failed_ = true;
  }
}

void Connection::take_fresh(std::span<char> fresh, std::size_t& budget) {
  if (in_.empty()) {
    const std::size_t taken = hand_over(fresh, budget);
    in_.assign(fresh.data() + taken, fresh.size() - taken);
  } else {
    in_.append(fresh.data(), fresh.size());
    starved_ = false;
    hand_over(budget);
  }
}

void Connection::hand_over(std::size_t& budget) {
  if (!has_unread()) return;
  const std::size_t taken = hand_over(std::span<char>(in_), budget);
  if (taken == in_.size() && in_.capacity() > kKeptCapacity) {
    in_ = std::string();
  } else {
    in_.erase(0, taken);
  }
}

std::size_t Connection::hand_over(std::span<char> input, std::size_t& budget) {
  std::size_t total = 0;
  starved_ = false;
  while (budget > 0 && wants_input()) {
    const std::size_t taken = dialect_->take(input.subspan(total), budget);
    total += taken;
    if (next_dialect_) {
      dialect_ = std::move(next_dialect_);
      handler().on_websocket(*this);
      continue;
    }
    if (taken == 0) {
      starved_ = budget > 0 && wants_input();
      break;
    }
    if (total == input.size() && !dialect_->has_unread()) break;
  }
  return total;
}

void Connection::flush() {
  std::size_t allowance = kFilePerTurn;
  while (!failed_ && !blocked_ && !shaking_hands_) {
    const std::string_view rest = std::string_view(out_).substr(out_begin_);
    if (rest.empty() && transport_->pending() == 0) {
      trim_out();
      if (!file_ || allowance == 0 || !send_file_part(allowance)) return;
      continue;
    }
    const Transport::Outcome sent = transport_->write(rest);
    if (sent.status == Transport::Status::ok) {
      out_begin_ += sent.bytes;
      last_output_ = last_progress_ = set_.now();
    } else if (sent.status == Transport::Status::blocked) {
      watch_writable(true);
    } else {
      failed_ = true;
    }
  }
  if (out_begin_ > out_.size() / 2) {
    out_.erase(0, out_begin_);
    out_begin_ = 0;
  }
}

/// Nothing waits: gives large memory back.
void Connection::trim_out() {
  watch_writable(false);
  if (out_.capacity() > kKeptCapacity) {
    out_ = std::string();
  } else {
    out_.clear();
  }
  out_begin_ = 0;
}

/// Sends some of the file. False when the socket takes no more, or the connection is lost.
bool Connection::send_file_part(std::size_t& allowance) {
  const auto part = static_cast<std::size_t>(
      std::min<std::uint64_t>(file_left_, secure() ? kFilePart : allowance));
  Transport::Outcome sent;
  if (part > 0 && secure()) {
    out_.resize(part);
    const ssize_t got = ::read(file_.get(), out_.data(), part);
    out_.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    sent = {got > 0 ? Transport::Status::ok : Transport::Status::ended, out_.size()};
  } else if (part > 0) {
    sent = transport_->send_file(file_.get(), part);
  }
  if (sent.status == Transport::Status::blocked) {
    watch_writable(true);
    return false;
  }
  if (sent.status != Transport::Status::ok) {
    failed_ = true;  // the client must not take a part for the whole
    return false;
  }
  last_output_ = last_progress_ = set_.now();
  allowance -= std::min(allowance, sent.bytes);
  file_left_ -= sent.bytes;
  if (file_left_ == 0) {
    file_.reset();
    dialect_->on_file_sent();
  }
  return true;
}

void Connection::after_flush() {
  if (failed_) return;
  if (unsent() <= limits().writable) {
    for (Completion<>& done : std::exchange(writable_waiters_, {})) {
      set_.loop().post([done = std::move(done)]() mutable { done({}); });
    }
    dialect_->on_room();
  }
  if (closing_ && drained_out() && !output_ended_) {
    output_ended_ = true;
    linger_until_ = set_.now() + limits().linger;
    transport_->end_output();
  }
}

/// Asks for EPOLLOUT only while a write is blocked: otherwise each read of the peer would wake us.
void Connection::watch_writable(bool wanted) {
  if (wanted) blocked_ = true;
  if (watching_writable_ == wanted) return;
  watching_writable_ = wanted;
  const std::uint32_t events = kReadEvents | (wanted ? EPOLLOUT : 0U);
  if (!set_.poller().modify(fd(), events, this)) failed_ = true;
}

void Connection::check_time(TimePoint now) {
  if (shaking_hands_) {
    if (passed(now, opened_at_, limits().handshake)) abort();
  } else if (closing_ && output_ended_) {
    if (now >= linger_until_) changed();
  } else if ((!drained_out() || file_) && passed(now, last_output_, limits().stalled) &&
             passed(now, last_progress_, limits().stalled)) {
    abort();
  } else if (!closing_) {
    dialect_->check_time(now);
  }
}

void Connection::retire() {
  gone_ = true;
  dialect_->on_gone();
  for (Completion<>& done : std::exchange(writable_waiters_, {})) {
    set_.loop().post([done = std::move(done)]() mutable {
      done(fail(Errc::connection_lost, "the connection is closed"));
    });
  }
  if (announced_) handler().on_close(*this);
  transport_->close();
  place_ = {};
}

}  // namespace engine::http
