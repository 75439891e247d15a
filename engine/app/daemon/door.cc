#include "app/daemon/door.hh"

#include "base/log.hh"
#include "rpc/encode.hh"

#include <unistd.h>

namespace engine::app {
namespace {

/// What a desk keeps with each of its connections.
struct Peer {
  std::shared_ptr<const Caller> caller;
};

Milliseconds seconds(double value) {
  return Milliseconds(static_cast<std::int64_t>(value * 1'000));
}

net::LineLimits line_limits(const WireLimits& limits) {
  return {.framer = {.line = limits.message, .skip = 4 * limits.message},
          .in_flight = limits.in_flight,
          .stalled_line = seconds(limits.stalled),
          .idle = seconds(limits.idle),
          .spin = std::chrono::microseconds(limits.spin)};
}

/// Events go out on a connection as lines.
class LineOutlet final : public event::PushingSinks::Outlet {
 public:
  explicit LineOutlet(net::LineSession& session) : session_(session) {}
  bool push(std::string_view head, std::string_view tail) override {
    return session_.push(head, tail);
  }

 private:
  net::LineSession& session_;
};

std::string refusal(const Error& error) {
  std::string line;
  rpc::encode_error(line, "null", error);
  return line;
}

}  // namespace

Result<> Desk::open(unsigned index, UniqueFunction<void(std::uint64_t)> on_close) {
  closed_ = std::move(on_close);
  TRY_ASSIGN(
      service_,
      net::LineService::open(worker_.loop(), *this, line_limits(dispatcher_.limits()), index));
  return {};
}

// The socket's mode keeps strangers out; this holds where the mode was changed from outside.
void Desk::on_open(net::LineSession& session) {
  const uid_t uid = session.peer().uid;
  if (uid == 0 || uid == ::geteuid() || uid == listener_.uid) {
    session.attachment = std::make_shared<Peer>(caller_of(session));
    return;
  }
  log::warn(
      "net", "refused a connection", {{"uid", std::to_string(uid)}, {"path", listener_.path}});
  session.send(refusal({.code = Errc::permission_denied,
                        .message = "user " + std::to_string(uid) + " may not use this socket",
                        .hint = "run the command as root or as the user the daemon runs as"}));
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
  const auto* peer = static_cast<const Peer*>(session.attachment.get());
  dispatcher_.handle_line(
      worker_, peer->caller, line, [answer = std::move(answer)](const LineReply& reply) mutable {
        answer.send(reply.text, reply.close);
      });
}

void Desk::on_oversize(net::LineSession&, net::Answer answer) {
  answer.send(dispatcher_.oversize_answer());
}

void Desk::on_room(net::LineSession& session) {
  LineOutlet outlet(session);
  switch (sinks_.pump(session.id(), outlet)) {
    case event::PushingSinks::Pumped::more:
      return service_->wake(session.id());
    case event::PushingSinks::Pumped::over:
      return session.close();
    case event::PushingSinks::Pumped::idle:
    case event::PushingSinks::Pumped::full:
      return;
  }
}

void Desk::on_close(net::LineSession& session) {
  dispatcher_.cancel_connection(worker_, session.id());
  sinks_.drop(session.id());
  closed_(session.id());
}

Doors::Doors(loop::Loop& control,
             Dispatcher& dispatcher,
             event::PushingSinks& sinks,
             std::vector<ScriptLoop*> workers)
    : control_(control), dispatcher_(dispatcher), sinks_(sinks), workers_(std::move(workers)) {}

Doors::~Doors() = default;

unsigned Doors::take_index(const std::shared_ptr<Desk>& desk) {
  const std::lock_guard lock(desks_mutex_);
  unsigned index = 0;
  while (desks_.contains(index) && !desks_[index].expired())
    ++index;
  desks_[index] = desk;
  return index;
}

void Doors::open(bindings::DaemonHost::Listener listener, std::size_t desks, Completion<> done) {
  if (const auto known = doors_.find(listener.path); known != doors_.end()) {
    const auto& open_one = known->second->listener;
    if (open_one.context == listener.context && open_one.attributes == listener.attributes &&
        ::access(listener.path.c_str(), F_OK) == 0) {
      return control_.post([done = std::move(done)]() mutable { done({}); });
    }
    return close(listener.path,
                 [this, listener, desks, done = std::move(done)](const Result<>&) mutable {
                   open(std::move(listener), desks, std::move(done));
                 });
  }
  auto door = std::make_shared<Door>();
  door->listener = std::move(listener);
  struct Opening {
    std::size_t pending;
    Result<> outcome;
    Completion<> done;
  };
  const std::size_t count = std::min(desks, workers_.size());
  auto opening = std::make_shared<Opening>(Opening{count, {}, std::move(done)});
  for (std::size_t i = 0; i < count; ++i) {
    ScriptLoop& worker = *workers_[next_worker_++ % workers_.size()];
    auto desk = std::make_shared<Desk>(dispatcher_, sinks_, worker, door->listener);
    door->desks.push_back(desk);
    worker.loop().post([this, door, opening, desk, index = take_index(desk)] {
      Result<> opened = desk->open(index, [this](std::uint64_t connection) {
        if (on_connection_closed) on_connection_closed(connection);
      });
      control_.post([this, door, opening, opened = std::move(opened)] {
        if (!opened) opening->outcome = opened;
        if (--opening->pending > 0) return;
        if (opening->outcome) opening->outcome = listen(door);
        if (!opening->outcome) dismiss(std::move(door->desks), [](const Result<>&) {});
        opening->done(opening->outcome);
      });
    });
  }
}

Result<> Doors::listen(const std::shared_ptr<Door>& door) {
  std::vector<net::LineService*> services;
  for (const auto& desk : door->desks)
    services.push_back(&desk->service());
  door->balancer = std::make_unique<net::LineBalancer>(
      std::move(services),
      net::LineBalancer::Limits{},
      refusal({.code = Errc::busy,
               .message = "too many connections",
               .hint = "close some, or try again in a moment"}));
  net::ListenOptions options;
  if (door->listener.uid != ::geteuid()) {
    options.owner = door->listener.uid;
    options.group = door->listener.gid;
  }
  TRY_ASSIGN(
      door->socket,
      net::UnixListener::open(
          control_, door->listener.path, options, [balancer = door->balancer.get()](UniqueFd fd) {
            balancer->adopt(std::move(fd));
          }));
  doors_[door->listener.path] = door;
  return {};
}

/// Closes desks on their own threads, then tells.
void Doors::dismiss(std::vector<std::shared_ptr<Desk>> desks, Completion<> done) {
  struct Leaving {
    std::size_t pending;
    Completion<> done;
  };
  auto leaving = std::make_shared<Leaving>(Leaving{desks.size(), std::move(done)});
  for (auto& desk : desks) {
    ScriptLoop& worker = desk->worker();
    worker.loop().post([this, leaving, desk = std::move(desk)]() mutable {
      desk.reset();
      control_.post([leaving] {
        if (--leaving->pending == 0) leaving->done({});
      });
    });
  }
}

void Doors::close(const std::string& path, Completion<> done) {
  const auto found = doors_.find(path);
  if (found == doors_.end()) {
    return control_.post([path, done = std::move(done)]() mutable {
      done(fail(Errc::not_found, "nothing listens on " + path));
    });
  }
  const auto door = found->second;
  doors_.erase(found);
  door->socket.reset();
  dismiss(std::move(door->desks), std::move(done));
}

void Doors::drain(Completion<> done) {
  struct Draining {
    std::size_t pending = 1;
    Completion<> done;
  };
  auto draining = std::make_shared<Draining>();
  draining->done = std::move(done);
  const auto one_done = [draining] {
    if (--draining->pending == 0) draining->done({});
  };
  for (const auto& [path, door] : doors_) {
    door->socket->close();
    for (const auto& desk : door->desks) {
      ++draining->pending;
      desk->worker().loop().post([this, desk, one_done] {
        desk->service().drain([this, one_done](const Result<>&) { control_.post(one_done); });
      });
    }
  }
  control_.post(one_done);
}

void Doors::wake(std::uint64_t connection) {
  std::shared_ptr<Desk> desk;
  {
    const std::lock_guard lock(desks_mutex_);
    const auto found = desks_.find(net::LineService::index_of(connection));
    if (found != desks_.end()) desk = found->second.lock();
  }
  if (!desk) return;
  desk->service().wake(connection);
  // The desk must not die here, on a foreign thread: its last reference goes home.
  ScriptLoop& worker = desk->worker();
  worker.loop().post([desk = std::move(desk)]() mutable { desk.reset(); });
}

std::size_t Doors::connections() const {
  std::size_t total = 0;
  for (const auto& [path, door] : doors_)
    total += door->balancer->connections();
  return total;
}

}  // namespace engine::app
