#include "app/daemon/desk.hh"

#include "app/daemon/http_desk.hh"
#include "base/log.hh"
#include "net/connect.hh"
#include "rpc/answer.hh"
#include "rpc/encode.hh"

#include <unistd.h>

namespace engine::app {
namespace {

/// What a desk keeps with each of its connections.
struct Peer {
  std::shared_ptr<const Caller> caller;
  rpc::Protocol protocol = rpc::Protocol::json_rpc;  ///< of events: what it spoke last but ours
};

/// Events go out on a connection as lines.
class LineOutlet final : public event::PushingSinks::Outlet {
 public:
  explicit LineOutlet(net::LineSession& session) : session_(session) {}
  bool push(std::string_view head, std::string_view tail) override {
    const rpc::Protocol protocol = static_cast<const Peer*>(session_.attachment.get())->protocol;
    if (protocol == rpc::Protocol::json_rpc) return session_.push(head, tail);
    const std::string line = rpc::push_in(protocol, std::string(head).append(tail));
    return line.empty() || session_.push(line);
  }

 private:
  net::LineSession& session_;
};

net::LineLimits line_limits(const WireLimits& limits, bool tell_http) {
  return {.framer = {.line = limits.message, .skip = 4 * limits.message},
          .in_flight = limits.in_flight,
          .stalled_line = milliseconds(limits.stalled),
          .min_rate = limits.min_rate,
          .idle = milliseconds(limits.idle),
          .stalled_push = milliseconds(limits.push),
          .tell_http = tell_http,
          .spin = std::chrono::microseconds(limits.spin)};
}

}  // namespace

std::string unfinished_line_answer() {
  std::string words;
  rpc::encode_error(
      words, "null", {.code = Errc::timeout, .message = "a line was begun and not ended in time"});
  return words;
}

Result<> Desk::open(unsigned index) {
  TRY_ASSIGN(service_,
             net::LineService::open(worker_.loop(),
                                    *this,
                                    line_limits(shared_.dispatcher.limits(), http_ != nullptr),
                                    index));
  return {};
}

void Desk::wake(std::uint64_t connection) {
  service_->wake(connection);
}

void Desk::drain(Completion<> done) {
  service_->drain(std::move(done));
}

void Desk::end() {
  service_.reset();
}

// The socket's mode keeps strangers out; this holds where the mode was changed from outside.
void Desk::on_open(net::LineSession& session) {
  const uid_t uid = session.peer().uid;
  if (uid == 0 || uid == ::geteuid() || uid == listener_.uid) {
    session.attachment = std::make_shared<Peer>(caller_of(session));
    shared_.connections.add({.id = session.id(), .transport = "unix", .address = {}, .uid = uid},
                            [this, id = session.id()] {
                              worker_.loop().post([this, id] {
                                if (auto* found = service_->find(id)) found->close();
                              });
                            });
    return;
  }
  log::warn(
      "net", "refused a connection", {{"uid", std::to_string(uid)}, {"path", listener_.path}});
  std::string refusal;
  rpc::encode_error(refusal,
                    "null",
                    {.code = Errc::permission_denied,
                     .message = "user " + std::to_string(uid) + " may not use this socket",
                     .hint = std::string(net::kNotForUs)});
  session.send(refusal);
  session.close();
}

std::shared_ptr<const Caller> Desk::caller_of(const net::LineSession& session) const {
  auto caller = std::make_shared<Caller>();
  caller->context = listener_.context;
  caller->attributes = listener_.attributes;
  caller->peer = session.peer();
  caller->connection = session.id();
  return caller;
}

void Desk::on_line(net::LineSession& session, std::string_view line, net::Answer answer) {
  const auto peer = std::static_pointer_cast<Peer>(session.attachment);
  const rpc::Protocol protocol = shared_.dispatcher.handle_line(
      worker_, peer->caller, line, [answer = std::move(answer)](const LineReply& reply) mutable {
        answer.send(reply.text, reply.close);
      });
  if (protocol != rpc::Protocol::json_rpc) peer->protocol = protocol;
}

void Desk::on_oversize(net::LineSession&, net::Answer answer) {
  answer.send(shared_.dispatcher.oversize_answer());
}

void Desk::on_room(net::LineSession& session) {
  LineOutlet outlet(session);
  switch (shared_.sinks.pump(session.id(), outlet)) {
    case event::PushingSinks::Pumped::more:
      return service_->wake(session.id());
    case event::PushingSinks::Pumped::over:
      return session.close();
    case event::PushingSinks::Pumped::idle:
    case event::PushingSinks::Pumped::full:
      return;
  }
}

void Desk::on_stalled(net::LineSession& session) {
  log::info("net", "a subscriber reads nothing", {{"connection", std::to_string(session.id())}});
  shared_.sinks.stall(session.id());
}

void Desk::on_unfinished_line(net::LineSession& session) {
  session.send(unfinished_line_answer());
}

/// Without a word: its client may be about to ask, and would take that for the answer.
bool Desk::on_idle(net::LineSession& session) {
  return !shared_.sinks.has(session.id());
}

void Desk::on_http(net::LineSession& session, UniqueFd socket, std::string already_read) {
  shared_.connections.remove(session.id());
  http_->adopt(std::move(socket),
               {.already_read = std::move(already_read), .place = std::move(session.place)});
}

void Desk::on_close(net::LineSession& session) {
  shared_.dispatcher.cancel_connection(worker_, session.id());
  shared_.sinks.drop(session.id());
  shared_.connections.remove(session.id());
}

}  // namespace engine::app
