#include "net/line_service.hh"

#include "base/log.hh"

#include <cstdlib>

namespace engine::net {
namespace {

constexpr std::size_t kPage = 4096;
constexpr Milliseconds kClockTick{1'000};

std::size_t whole_pages(std::size_t size) {
  return (size + kPage - 1) / kPage * kPage;
}

}  // namespace

Result<std::unique_ptr<LineService>> LineService::open(loop::Loop& loop,
                                                       LineHandler& handler,
                                                       const LineLimits& limits,
                                                       unsigned index) {
  std::unique_ptr<LineService> service(new LineService(loop, handler, limits, index));
  TRY_ASSIGN(service->poller_, Poller::open(loop, [raw = service.get()] { raw->turn(); }));
  service->poller_->arm();
  return service;
}

LineService::LineService(loop::Loop& loop,
                         LineHandler& handler,
                         const LineLimits& limits,
                         unsigned index)
    : loop_(loop),
      handler_(handler),
      limits_(limits),
      index_(index),
      // The kernel copies into a buffer that begins on a page several times faster than into one
      // that malloc places 16 bytes after it.
      scratch_(static_cast<char*>(std::aligned_alloc(kPage, whole_pages(limits.read_chunk))),
               &std::free),
      clock_(loop) {}

LineService::~LineService() {
  *alive_ = false;
  in_turn_ = true;
  for (const auto& [id, session] : std::exchange(sessions_, {})) {
    handler_.on_close(*session);
    poller_->remove(session->socket_.get());
    session->socket_.reset();
  }
}

void LineService::adopt(UniqueFd socket, ConnectionQuota::Place place) {
  ++connections_;
  loop_.post(
      [this, alive = alive_, socket = std::move(socket), place = std::move(place)]() mutable {
        if (!*alive) return;
        --connections_;
        if (auto opened = open_session(std::move(socket), std::move(place)); !opened) {
          log::warn("net", "cannot open a session", {{"error", opened.error().message}});
        }
      });
}

Result<LineSession*> LineService::open_session(UniqueFd socket, ConnectionQuota::Place place) {
  TRY_ASSIGN(const PeerCredentials peer, peer_credentials(socket.get()));
  const std::uint64_t id = (std::uint64_t{index_} << kIndexShift) | next_id_++;
  const int fd = socket.get();
  auto session = std::make_shared<LineSession>(*this, id, std::move(socket), peer);
  session->self_ = session;
  session->place = std::move(place);
  TRY(poller_->add(fd, EPOLLIN | EPOLLRDHUP, session.get()));
  LineSession* opened = sessions_.emplace(id, std::move(session)).first->second.get();
  ++connections_;
  watch_time();
  handler_.on_open(*opened);
  look_at(*opened);
  return opened;
}

LineSession* LineService::find(std::uint64_t id) const {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : found->second.get();
}

void LineService::wake(std::uint64_t id) {
  {
    const std::lock_guard lock(wake_mutex_);
    to_wake_.push_back(id);
    if (to_wake_.size() > 1) return;
  }
  loop_.post([this, alive = alive_] {
    if (*alive) wake_sessions();
  });
}

void LineService::wake_sessions() {
  {
    const std::lock_guard lock(wake_mutex_);
    waking_.swap(to_wake_);
  }
  for (const std::uint64_t id : waking_) {
    LineSession* session = find(id);
    if (session == nullptr || session->wants_room_) continue;
    session->wants_room_ = true;
    look_at(*session);
  }
  waking_.clear();
}

void LineService::drain(Completion<> done) {
  draining_ = true;
  drained_ = std::move(done);
  for (const auto& [id, session] : sessions_)
    look_at(*session);
  schedule();
}

void LineService::look_at(LineSession& session) {
  if (session.queued_) return;
  session.queued_ = true;
  to_look_at_.push_back(&session);
  schedule();
}

void LineService::schedule() {
  if (scheduled_ || in_turn_) return;
  scheduled_ = true;
  loop_.post([this, alive = alive_] {
    if (!*alive) return;
    scheduled_ = false;
    turn();
  });
}

/// Every connection with something to do has one step; what is left waits for the next turn.
void LineService::turn() {
  in_turn_ = true;
  const std::span<const epoll_event> events = poller_->collect();
  for (const epoll_event& event : events) {
    auto& session = *static_cast<LineSession*>(event.data.ptr);
    session.note_events(event.events);
    look_at(session);
  }
  if (!to_look_at_.empty()) last_work_ = read_clock();
  may_join_until_ = last_work_ + kAnswersWait;
  looking_at_.swap(to_look_at_);
  for (LineSession* session : looking_at_)
    session->queued_ = false;
  for (std::size_t served = 0; served < looking_at_.size();)
    served = serve_group(served);
  looking_at_.clear();
  retired_.clear();
  in_turn_ = false;
  rest();
}

/// Serves the next few from `first` on, as many as get their answers soon; returns where the rest
/// begins.
std::size_t LineService::serve_group(std::size_t first) {
  const TimePoint end = last_work_ + kAnswersWait;
  std::size_t next = first;
  do {
    looking_at_[next++]->take_input();
    last_work_ = clock_after(last_work_);
    if (next == looking_at_.size() && next - first >= kLookAgain) let_others_join();
  } while (next < looking_at_.size() && last_work_ < end);
  for (LineSession* session : std::span(looking_at_).subspan(first, next - first)) {
    session->write_output();
    if (session->finished()) {
      retire(*session);
    } else if (session->has_work()) {
      look_at(*session);
    }
  }
  return next;
}

/// What has become ready since the turn began has its step in it, if the turn is still young.
void LineService::let_others_join() {
  if (last_work_ >= may_join_until_) return;
  for (const epoll_event& event : poller_->collect()) {
    auto& session = *static_cast<LineSession*>(event.data.ptr);
    session.note_events(event.events);
    if (session.stepping_) {
      look_at(session);
    } else {
      looking_at_.push_back(&session);
    }
  }
}

/// Takes another turn, or sleeps until a socket is ready.
void LineService::rest() {
  if (draining_ && sessions_.empty() && drained_) {
    loop_.post([done = std::exchange(drained_, {})]() mutable { done({}); });
    return;
  }
  if (!to_look_at_.empty() || keep_spinning()) {
    schedule();
  } else {
    poller_->arm();
  }
}

bool LineService::keep_spinning() {
  return limits_.spin.count() > 0 && read_clock() - last_work_ < limits_.spin;
}

/// Ends a connection; its memory stays until the end of the turn.
void LineService::retire(LineSession& session) {
  poller_->remove(session.socket_.get());
  if (session.handed_over_) {
    handler_.on_http(session, std::move(session.socket_), std::move(session.beginning_));
  } else {
    handler_.on_close(session);
  }
  session.socket_.reset();
  session.place = {};
  if (session.queued_) std::erase(to_look_at_, &session);
  const auto found = sessions_.find(session.id());
  retired_.push_back(std::move(found->second));
  sessions_.erase(found);
  --connections_;
}

void LineService::watch_time() {
  const bool bounded = limits_.idle.count() > 0 || limits_.stalled_line.count() > 0 ||
                       limits_.stalled_push.count() > 0;
  if (clock_running_ || !bounded) return;
  clock_running_ = true;
  clock_.start(kClockTick, [this] {
    clock_running_ = false;
    for (const auto& [id, session] : sessions_)
      session->check_time(Clock::now());
    if (!sessions_.empty()) watch_time();
  });
}

}  // namespace engine::net
