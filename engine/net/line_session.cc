#include "net/line_session.hh"

#include "net/http_sniff.hh"
#include "net/line_service.hh"
#include "net/socket_call.hh"

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace engine::net {
namespace {

constexpr std::size_t kKeptCapacity = 64UL << 10U;
constexpr std::uint32_t kReadEvents = EPOLLIN | EPOLLRDHUP;

}  // namespace

Answer& Answer::operator=(Answer&& other) noexcept {
  if (this != &other) {
    drop();
    session_ = std::move(other.session_);
  }
  return *this;
}

void Answer::send(std::string_view text, bool close_after) {
  if (const auto session = std::exchange(session_, {}).lock()) {
    output(*session) += text;
    finish(*session, true);
    if (close_after) session->close();
  }
}

void Answer::drop() {
  if (const auto session = std::exchange(session_, {}).lock()) finish(*session, false);
}

std::string& Answer::output(LineSession& session) {
  return session.out_;
}

void Answer::finish(LineSession& session, bool written) {
  session.finish_answer(written);
}

LineSession::LineSession(LineService& service,
                         std::uint64_t id,
                         UniqueFd socket,
                         PeerCredentials peer)
    : service_(service),
      id_(id),
      socket_(std::move(socket)),
      peer_(peer),
      framer_(service.limits_.framer),
      last_input_(Clock::now()),
      last_output_(last_input_),
      telling_(service.limits_.tell_http) {}
LineSession::~LineSession() = default;

bool LineSession::push(std::string_view head, std::string_view tail) {
  if (closed()) return false;
  // A burst within one turn is not the peer's fault: see whether it takes it.
  if (unsent() > service_.limits_.pushed && !stepping_) flush();
  if (unsent() > service_.limits_.pushed) {
    wants_room_ = true;
    return false;
  }
  if (unsent() == 0) last_output_ = Clock::now();
  out_ += head;
  out_ += tail;
  out_ += '\n';
  changed();
  return true;
}

void LineSession::send(std::string_view line) {
  if (closed()) return;
  out_ += line;
  out_ += '\n';
  changed();
}

void LineSession::close() {
  closing_ = true;
  changed();
}

void LineSession::finish_answer(bool written) {
  if (written) out_ += '\n';
  --in_flight_;
  changed();
}

/// Something was queued or became possible outside the session's own step.
void LineSession::changed() {
  if (!stepping_ && !closed()) service_.turns_->look_at(*this);
}

void LineSession::note_events(std::uint32_t events) {
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) readable_ = true;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) end_is_near_ = true;
  if ((events & (EPOLLHUP | EPOLLERR)) != 0) hung_up_ = true;
  if ((events & EPOLLOUT) != 0) blocked_ = false;
}

bool LineSession::paused() const {
  const LineLimits& limits = service_.limits_;
  return closing_ || failed_ || handed_over_ || service_.turns_->draining() ||
         in_flight_ >= limits.in_flight || unsent() > limits.unsent;
}

bool LineSession::has_work() const {
  if (wants_room_ && unsent() == 0 && !closing_) return true;
  return !paused() && (framer_.has_unread() || (readable_ && !ended_));
}

bool LineSession::finished() const {
  if (failed_ || handed_over_) return true;
  if (ended_ && hung_up_ && !framer_.has_unread()) return true;
  if (unsent() > 0) return false;
  if (closing_) return true;
  const bool no_more_lines = service_.turns_->draining() || (ended_ && !framer_.has_unread());
  return no_more_lines && in_flight_ == 0;
}

/// The first part of the connection's step: reads once. What was read before comes first.
std::size_t LineSession::read_input(std::span<char> room) {
  if (framer_.has_unread() || !readable_ || ended_ || paused()) return 0;
  const ssize_t got = receive_now(socket_.get(), room);
  if (got > 0) {
    fresh_ = {room.data(), static_cast<std::size_t>(got)};
    // A short read has emptied the socket, unless what comes next is its end.
    if (fresh_.size() < room.size() && !end_is_near_) readable_ = false;
    last_input_ = service_.turns_->now();
  } else if (got == 0) {
    end_came_ = true;
  } else if (errno == EAGAIN) {
    readable_ = false;
  } else if (errno != EINTR) {
    failed_ = true;
  }
  return fresh_.size();
}

/// The second: hands out what came.
void LineSession::take_input() {
  stepping_ = true;
  if (const std::string_view fresh = std::exchange(fresh_, {}); !fresh.empty()) take_chunk(fresh);
  if (std::exchange(end_came_, false)) end_input();
  std::size_t budget = service_.limits_.lines_per_turn;
  hand_out_lines(budget);
  framer_.park();
}

/// The third: writes once what was answered meanwhile.
void LineSession::write_output() {
  flush();
  offer_room();
  stepping_ = false;
}

void LineSession::take_chunk(std::string_view chunk) {
  if (!telling_) return framer_.feed(chunk);
  if (beginning_.empty() && tell_beginning(chunk) == Beginning::lines) {
    telling_ = false;
    return framer_.feed(chunk);
  }
  beginning_ += chunk;
  switch (tell_beginning(beginning_)) {
    case Beginning::undecided:
      return;
    case Beginning::http:
      telling_ = false;
      handed_over_ = true;
      return;
    case Beginning::lines:
      telling_ = false;
      return framer_.feed(beginning_);
  }
}

void LineSession::end_input() {
  ended_ = true;
  if (std::exchange(telling_, false)) {
    framer_.feed(beginning_);
    while (framer_.has_unread() && framer_.next() != LineFramer::Event::need_more) {
    }
  }
  framer_.end_of_input();
}

void LineSession::hand_out_lines(std::size_t& budget) {
  while (budget > 0 && framer_.has_unread() && !paused()) {
    const LineFramer::Event event = framer_.next();
    if (event == LineFramer::Event::need_more) return;
    if (event == LineFramer::Event::exhausted) {
      closing_ = true;
      return;
    }
    --budget;
    ++in_flight_;
    pace_.reset();
    if (event == LineFramer::Event::line) {
      service_.handler_.on_line(*this, framer_.line(), Answer(self_));
    } else {
      service_.handler_.on_oversize(*this, Answer(self_));
    }
  }
}

void LineSession::flush() {
  while (unsent() > 0 && !blocked_ && !failed_) {
    const ssize_t sent = send_now(socket_.get(), std::string_view(out_).substr(out_begin_));
    if (sent >= 0) {
      out_begin_ += static_cast<std::size_t>(sent);
      sent_total_ += static_cast<std::size_t>(sent);
      last_output_ = service_.turns_->now();
    } else if (errno == EAGAIN) {
      blocked_ = true;
      watch_writable(true);
    } else if (errno != EINTR) {
      failed_ = true;
    }
  }
  if (unsent() == 0) {
    watch_writable(false);
    if (out_.capacity() > kKeptCapacity) {
      out_ = std::string();
    } else {
      out_.clear();
    }
    out_begin_ = 0;
  } else if (out_begin_ > out_.size() / 2) {
    out_.erase(0, out_begin_);
    out_begin_ = 0;
  }
}

/// Asks for EPOLLOUT only while a write is blocked: otherwise each read of the peer would wake us.
void LineSession::watch_writable(bool wanted) {
  if (watching_writable_ == wanted) return;
  watching_writable_ = wanted;
  const std::uint32_t events = kReadEvents | (wanted ? EPOLLOUT : 0U);
  if (!service_.turns_->poller().modify(socket_.get(), events, this)) failed_ = true;
}

/// Lets the handler push what waits, once all before it has gone.
void LineSession::offer_room() {
  if (!wants_room_ || unsent() > 0 || failed_ || closing_) return;
  wants_room_ = false;
  service_.handler_.on_room(*this);
  flush();
}

void LineSession::check_time(TimePoint now) {
  const LineLimits& limits = service_.limits_;
  const auto quiet = now - last_input_;
  if (limits.stalled_push.count() > 0 && wants_room_ && unsent() > 0) {
    const auto stalled = now - last_output_ - limits.stalled_push;
    if (stalled > Milliseconds(0) && !std::exchange(stalled_, true)) {
      service_.handler_.on_stalled(*this);
    } else if (stalled > limits.stalled_end) {
      failed_ = true;
      return changed();
    }
  }
  const bool busy = in_flight_ > 0 || unsent() > 0 || framer_.has_unread();
  const bool inside = framer_.inside_line() || (telling_ && !beginning_.empty());
  if (!inside) pace_.reset();
  const std::size_t begun = telling_ ? beginning_.size() : framer_.begun();
  const bool stands_still = !busy && quiet > limits.stalled_line;
  if (limits.stalled_line.count() > 0 && inside && !closing_ &&
      (stands_still ||
       pace_.is_too_slow(now, begun, paused(), {limits.stalled_line, limits.min_rate}))) {
    give_up_line();
  } else if (limits.idle.count() > 0 && !busy && quiet > limits.idle) {
    if (service_.handler_.on_idle(*this)) close();
  }
}

/// Who is told must take it at once: a connection that takes nothing is not waited for.
void LineSession::give_up_line() {
  const bool was_clear = unsent() == 0;
  service_.handler_.on_unfinished_line(*this);
  flush();
  if (was_clear && unsent() > 0) failed_ = true;
  close();
}

}  // namespace engine::net
