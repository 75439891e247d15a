#include "app/daemon/door.hh"

#include "base/log.hh"
#include "rpc/encode.hh"

#include <unistd.h>

#include <algorithm>
#include <array>

namespace engine::app {
namespace {

std::string_view port_kind_name(PortKind kind) {
  constexpr std::array<std::string_view, 3> kNames = {"http", "https", "tls-lines"};
  return kNames[static_cast<std::size_t>(kind)];
}

constexpr std::string_view kBusy =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Length: 47\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"
    "too many connections: try again in some seconds";
/// A fatal alert (internal_error): all that TLS lets us say before its handshake.
constexpr std::string_view kBusyTls("\x15\x03\x01\x00\x02\x02\x50", 7);

std::string refusal(const Error& error) {
  std::string line;
  rpc::encode_error(line, "null", error);
  return line;
}

}  // namespace

Doors::Doors(loop::Loop& control, DeskShared shared, std::vector<ScriptLoop*> workers)
    : control_(control),
      shared_(std::move(shared)),
      remote_({.total = shared_.dispatcher.limits().remote_connections,
               .per_origin = shared_.dispatcher.limits().per_address}),
      workers_(std::move(workers)) {}

Doors::~Doors() {
  accepting_.stop();
  // Work that a stopped worker did not come to may keep a desk for longer than what the desk shares
  // with others: its connections end now.
  for (const auto& [index, held] : desks_) {
    if (const auto desk = held.lock()) desk->end();
  }
}

void Doors::start(Completion<> done) {
  struct Starting {
    std::size_t pending;
    Result<> outcome;
    Completion<> done;
  };
  auto starting = std::make_shared<Starting>(Starting{workers_.size(), {}, std::move(done)});
  for (ScriptLoop* worker : workers_) {
    auto desk = std::make_shared<HttpDesk>(shared_, *worker);
    http_desks_.push_back(desk);
    worker->loop().post([this, starting, desk, index = take_index(desk)] {
      Result<> opened = desk->open(index);
      control_.post([starting, opened = std::move(opened)] {
        if (!opened) starting->outcome = opened;
        if (--starting->pending == 0) starting->done(starting->outcome);
      });
    });
  }
}

std::shared_ptr<HttpDesk> Doors::http_desk_of(const ScriptLoop& worker) const {
  for (const auto& desk : http_desks_) {
    if (&desk->worker() == &worker) return desk;
  }
  return nullptr;
}

Result<> Doors::open_port(PortKind kind,
                          const net::ListenAddress& address,
                          std::shared_ptr<http::TlsContext> tls) {
  auto port = std::make_unique<Port>(Port{kind, std::move(tls), nullptr});
  const auto listen_there = [&, raw = port.get()] {
    return net::TcpListener::open(accepting_.loop(), address, [this, raw](UniqueFd socket) {
      take_connection(*raw, std::move(socket));
    });
  };
  TRY_ASSIGN(port->listener, accepting_.call(listen_there));
  json::Value told;
  told["kind"] = port_kind_name(kind);
  told["address"] = port->listener->address().text();
  log::info("net",
            "listening",
            {{"kind", port_kind_name(kind)}, {"address", port->listener->address().text()}});
  ports_.push_back(std::move(port));
  const std::lock_guard lock(listeners_mutex_);
  listeners_.push_back(std::move(told));
  return {};
}

/// On the accepting thread.
void Doors::take_connection(const Port& port, UniqueFd socket) {
  auto place = remote_.admit(net::origin_of(socket.get()));
  if (!place) {
    return refuser_.refuse(std::move(socket), port.kind == PortKind::http ? kBusy : kBusyTls);
  }
  const auto& least = *std::ranges::min_element(
      http_desks_, {}, [](const auto& desk) { return desk->connections(); });
  least->adopt(
      std::move(socket),
      {.tls = port.tls,
       .protocol = port.kind == PortKind::tls_lines ? http::Protocol::lines : http::Protocol::http,
       .already_read = {},
       .place = std::move(*place)});
}

json::Value Doors::listeners() const {
  const std::lock_guard lock(listeners_mutex_);
  return listeners_;
}

unsigned Doors::take_index(const std::shared_ptr<PushTarget>& desk) {
  const std::lock_guard lock(desks_mutex_);
  unsigned index = 0;
  while (desks_.contains(index) && !desks_[index].expired())
    ++index;
  desks_[index] = desk;
  return index;
}

/// Opening takes several turns of several loops: whoever comes for the same path waits, so that no
/// two make a socket of one name.
void Doors::in_turn(const std::string& path, UniqueFunction<void()> work) {
  const auto [turn, first] = turns_.try_emplace(path);
  if (!first) return turn->second.push_back(std::move(work));
  work();
}

void Doors::turn_over(const std::string& path) {
  const auto turn = turns_.find(path);
  if (turn->second.empty()) {
    turns_.erase(turn);
    return;
  }
  UniqueFunction<void()> next = std::move(turn->second.front());
  turn->second.pop_front();
  next();
}

void Doors::open(bindings::DaemonHost::Listener listener, std::size_t desks, Completion<> done) {
  const std::string path = listener.path;
  in_turn(path,
          [this, listener = std::move(listener), desks, path, done = std::move(done)]() mutable {
            open_now(std::move(listener),
                     desks,
                     [this, path, done = std::move(done)](const Result<>& opened) mutable {
                       done(opened);
                       turn_over(path);
                     });
          });
}

void Doors::close(const std::string& path, Completion<> done) {
  in_turn(path, [this, path, done = std::move(done)]() mutable {
    close_now(path, [this, path, done = std::move(done)](const Result<>& closed) mutable {
      done(closed);
      turn_over(path);
    });
  });
}

void Doors::open_now(bindings::DaemonHost::Listener listener,
                     std::size_t desks,
                     Completion<> done) {
  if (const auto known = doors_.find(listener.path); known != doors_.end()) {
    const auto& open_one = known->second->listener;
    if (open_one.context == listener.context && open_one.attributes == listener.attributes &&
        ::access(listener.path.c_str(), F_OK) == 0) {
      return control_.post([done = std::move(done)]() mutable { done({}); });
    }
    return close_now(listener.path,
                     [this, listener, desks, done = std::move(done)](const Result<>&) mutable {
                       open_now(std::move(listener), desks, std::move(done));
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
    // Containers speak lines and nothing else.
    auto http = door->listener.context == shared_.context ? http_desk_of(worker) : nullptr;
    auto desk = std::make_shared<Desk>(shared_, worker, std::move(http), door->listener);
    door->desks.push_back(desk);
    worker.loop().post([this, door, opening, desk, index = take_index(desk)] {
      Result<> opened = desk->open(index);
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
  if (draining_) return fail(Errc::shutting_down, "the daemon is stopping");
  std::vector<net::LineService*> services;
  for (const auto& desk : door->desks)
    services.push_back(&desk->service());
  door->balancer = std::make_unique<net::LineBalancer>(
      std::move(services),
      shared_.dispatcher.limits().connections,
      refuser_,
      refusal({.code = Errc::busy,
               .message = "too many connections",
               .hint = "close some, or try again in a moment"}));
  net::ListenOptions options;
  if (door->listener.uid != ::geteuid()) {
    options.owner = door->listener.uid;
    options.group = door->listener.gid;
  }
  const auto listen_there = [&] {
    return net::UnixListener::open(
        accepting_.loop(),
        door->listener.path,
        options,
        [balancer = door->balancer.get()](UniqueFd fd) { balancer->adopt(std::move(fd)); });
  };
  TRY_ASSIGN(door->socket, accepting_.call(listen_there));
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

void Doors::close_now(const std::string& path, Completion<> done) {
  const auto found = doors_.find(path);
  if (found == doors_.end()) {
    return control_.post([path, done = std::move(done)]() mutable {
      done(fail(Errc::not_found, "nothing listens on " + path));
    });
  }
  const auto door = found->second;
  doors_.erase(found);
  accepting_.call([&] { door->socket.reset(); });
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
  std::vector<std::shared_ptr<PushTarget>> all(http_desks_.begin(), http_desks_.end());
  draining_ = true;
  accepting_.call([this] {
    ports_.clear();
    for (const auto& [path, door] : doors_)
      door->socket->close();
  });
  for (const auto& [path, door] : doors_) {
    all.insert(all.end(), door->desks.begin(), door->desks.end());
  }
  for (const auto& desk : all) {
    ++draining->pending;
    desk->worker().loop().post([this, desk, one_done] {
      desk->drain([this, one_done](const Result<>&) { control_.post(one_done); });
    });
  }
  control_.post(one_done);
}

void Doors::wake(std::uint64_t connection) {
  std::shared_ptr<PushTarget> desk;
  {
    const std::lock_guard lock(desks_mutex_);
    const auto found = desks_.find(net::LineService::index_of(connection));
    if (found != desks_.end()) desk = found->second.lock();
  }
  if (!desk) return;
  desk->wake(connection);
  // The desk must not die here, on a foreign thread: its last reference goes home.
  ScriptLoop& worker = desk->worker();
  worker.loop().post([desk = std::move(desk)]() mutable { desk.reset(); });
}

}  // namespace engine::app
