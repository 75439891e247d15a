#include "net/line_service.hh"

#include "base/log.hh"

namespace engine::net {
namespace {

constexpr Milliseconds kClockTick{1'000};

Milliseconds tick_of(const LineLimits& limits) {
  for (const Milliseconds limit : {limits.idle, limits.stalled_line, limits.stalled_push})
    if (limit.count() > 0) return kClockTick;
  return {};
}

}  // namespace

Result<std::unique_ptr<LineService>> LineService::open(loop::Loop& loop,
                                                       LineHandler& handler,
                                                       const LineLimits& limits,
                                                       unsigned index) {
  std::unique_ptr<LineService> service(new LineService(handler, limits));
  TRY_ASSIGN(service->turns_,
             Turns<LineSession>::open(
                 loop,
                 {.index = index,
                  .read_chunk = limits.read_chunk,
                  .spin = limits.spin,
                  .tick = tick_of(limits)},
                 [raw = service.get()](LineSession& session) { raw->on_end(session); }));
  return service;
}

LineService::~LineService() {
  if (turns_) turns_->end_all();
}

void LineService::adopt(UniqueFd socket, ConnectionQuota::Place place) {
  turns_->post_adding([this, socket = std::move(socket), place = std::move(place)]() mutable {
    if (auto opened = open_session(std::move(socket), std::move(place)); !opened) {
      log::warn("net", "cannot open a session", {{"error", opened.error().message}});
    }
  });
}

Result<LineSession*> LineService::open_session(UniqueFd socket, ConnectionQuota::Place place) {
  TRY_ASSIGN(const PeerCredentials peer, peer_credentials(socket.get()));
  auto session = std::make_shared<LineSession>(*this, turns_->new_id(), std::move(socket), peer);
  session->self_ = session;
  session->place = std::move(place);
  TRY(turns_->add(session));
  handler_.on_open(*session);
  turns_->look_at(*session);
  return session.get();
}

void LineService::on_end(LineSession& session) {
  if (session.handed_over_) {
    handler_.on_http(session, std::move(session.socket_), std::move(session.beginning_));
  } else {
    handler_.on_close(session);
  }
  session.socket_.reset();
  session.place = {};
}

void LineService::wake(std::uint64_t id) {
  {
    const std::lock_guard lock(wake_mutex_);
    to_wake_.push_back(id);
    if (to_wake_.size() > 1) return;
  }
  turns_->post([this] { wake_sessions(); });
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
    turns_->look_at(*session);
  }
  waking_.clear();
}

void LineService::drain(Completion<> done) {
  turns_->drain(std::move(done));
  turns_->each([this](LineSession& session) { turns_->look_at(session); });
}

}  // namespace engine::net
