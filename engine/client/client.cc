#include "client/client.hh"

#include "base/log.hh"
#include "net/connect.hh"
#include "net/line_service.hh"
#include "rpc/encode.hh"
#include "rpc/message.hh"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <map>
#include <optional>
#include <vector>

namespace engine::client {
namespace {

constexpr int kMostAttempts = 4;
constexpr std::size_t kRequestLimit = 16UL << 20U;

net::LineLimits session_limits(const Options& options) {
  net::LineLimits limits;
  limits.framer = {.line = options.response_limit, .skip = options.response_limit};
  // A client that stopped reading because it has much to write could wait for a server that does
  // the same.
  limits.unsent = std::numeric_limits<std::size_t>::max();
  limits.stalled_line = Milliseconds(0);
  return limits;
}

/// A call that has no answer yet.
struct Pending {
  std::string line;
  std::string method;
  bool read_only = false;
  bool queued = false;      ///< given to the current connection
  std::uint64_t begin = 0;  ///< where its first byte lies in what that connection sends
  int attempts = 0;
  Completion<std::string> done = {};
  std::unique_ptr<loop::Timer> timer = {};
};

std::optional<std::uint64_t> to_call_id(std::string_view id) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  if (error != std::errc() || end != id.data() + id.size()) return std::nullopt;
  return number;
}

}  // namespace

struct Client::Impl final : net::LineHandler {
  Impl(loop::Loop& on, std::filesystem::path path, Options with)
      : loop(on), socket(std::move(path)), options(std::move(with)) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() override {
    closed = true;
    service.reset();
  }

  loop::Loop& loop;
  std::filesystem::path socket;
  Options options;
  std::map<CallId, Pending> calls;
  std::vector<Completion<>> connecting_for;
  OnNotification notified;
  CallId last_id = 0;
  net::LineSession* session = nullptr;
  bool connecting = false;
  bool closed = false;
  std::optional<Error> refusal;  ///< what the server said about the connection itself
  rpc::Message message;
  std::weak_ptr<Impl> self;
  std::unique_ptr<net::LineService> service;

  // --- connection -----------------------------------------------------------------------------

  void connect() {
    if (connecting || closed) return;
    connecting = true;
    const net::ConnectOptions how{.timeout = options.connect_timeout,
                                  .wait_for_socket = options.wait_for_socket};
    net::connect_unix(loop, socket, how, [weak = self](Result<UniqueFd> made) {
      if (const auto impl = weak.lock()) impl->on_connected(std::move(made));
    });
  }

  void on_connected(Result<UniqueFd> made) {
    connecting = false;
    if (closed) return;
    Result<net::LineSession*> opened = nullptr;
    if (made) {
      opened = service->open_session(std::move(*made));
    } else {
      opened = fail(with_advice(std::move(made).error()));
    }
    if (!opened) {
      fail_all(opened.error());
      return;
    }
    session = *opened;
    refusal.reset();
    for (auto& [id, call] : calls)
      send(call);
    for (Completion<>& done : std::exchange(connecting_for, {}))
      done({});
  }

  [[nodiscard]] Error with_advice(Error error) const {
    if (error.code == Errc::daemon_not_running) {
      error.hint = options.not_running_hint;
    } else if (error.code == Errc::permission_denied) {
      error.hint = "run this as the user the daemon belongs to";
    }
    return error;
  }

  void send(Pending& call) {
    call.begin = session->queued_total();
    call.queued = true;
    ++call.attempts;
    session->send(call.line);
  }

  void on_close(net::LineSession& gone) override {
    if (&gone != session) return;
    session = nullptr;
    if (closed) return;
    std::vector<std::pair<CallId, Error>> lost;
    for (auto& [id, call] : calls) {
      const bool untouched = !call.queued || gone.sent_total() <= call.begin;
      call.queued = false;
      if (refusal) {
        lost.emplace_back(id, *refusal);
      } else if ((!untouched && !call.read_only) || call.attempts >= kMostAttempts) {
        lost.emplace_back(id, lost_error(call));
      }
    }
    for (const auto& [id, error] : lost)
      settle(id, fail(error));
    if (!calls.empty()) connect();
  }

  [[nodiscard]] Error lost_error(const Pending& call) const {
    const bool safe = call.read_only;
    return Error{
        .code = safe ? Errc::connection_lost : Errc::outcome_unknown,
        .message =
            fmt::format("the connection to {} broke during {}", socket.string(), call.method),
        .hint = safe ? "try again" : "it may have been carried out: look before you repeat it"};
  }

  // --- calls ----------------------------------------------------------------------------------

  void settle(CallId id, Result<std::string> result) {
    const auto found = calls.find(id);
    if (found == calls.end()) return;
    Completion<std::string> done = std::move(found->second.done);
    calls.erase(found);
    if (done) done(std::move(result));
  }

  void fail_all(const Error& error) {
    for (Completion<>& done : std::exchange(connecting_for, {}))
      done(fail(error));
    while (!calls.empty())
      settle(calls.begin()->first, fail(error));
  }

  /// Fails a call that never began; not inline.
  void fail_later(Error error, Completion<std::string> done) {
    loop.post([error = std::move(error), done = std::move(done)]() mutable {
      done(fail(std::move(error)));
    });
  }

  void begin(CallId id, Pending call, Milliseconds timeout) {
    call.timer = std::make_unique<loop::Timer>(loop);
    call.timer->start(timeout, [weak = self, id, timeout] {
      if (const auto impl = weak.lock()) impl->on_timeout(id, timeout);
    });
    Pending& kept = calls.emplace(id, std::move(call)).first->second;
    if (session != nullptr) {
      send(kept);
    } else {
      connect();
    }
  }

  void on_timeout(CallId id, Milliseconds timeout) {
    const auto found = calls.find(id);
    if (found == calls.end()) return;
    settle(
        id,
        fail(Errc::timeout,
             fmt::format("no answer to {} within {} ms", found->second.method, timeout.count())));
  }

  // --- lines ----------------------------------------------------------------------------------

  void on_line(net::LineSession&, std::string_view line, net::Answer) override {
    const auto alive = self.lock();
    if (closed || !alive) return;
    if (Result<> decoded = rpc::decode_message(line, message); !decoded) {
      log::warn("client", decoded.error().message, {{"socket", socket.string()}});
      return;
    }
    if (message.kind == rpc::Message::Kind::notification) {
      if (notified) notified(message.method, message.params);
      return;
    }
    const auto id = to_call_id(message.id);
    if (message.kind == rpc::Message::Kind::error) {
      if (id) {
        settle(*id, fail(message.error));
      } else {
        on_unaddressed_error();
      }
    } else if (id) {
      settle(*id, std::string(message.result));
    }
  }

  /// The server could not read a request, or does not want this connection.
  void on_unaddressed_error() {
    refusal = message.error;
    if (calls.size() == 1) {
      settle(calls.begin()->first, fail(message.error));
    } else {
      log::warn("client", "the server refused a line: " + message.error.message);
    }
  }

  void on_oversize(net::LineSession& from, net::Answer) override {
    refusal = Error{.code = Errc::deserialization, .message = "a response is over the size limit"};
    from.close();
  }
};

Result<std::unique_ptr<Client>> Client::open(loop::Loop& loop,
                                             std::filesystem::path socket,
                                             Options options) {
  const net::LineLimits limits = session_limits(options);
  auto impl = std::make_shared<Impl>(loop, std::move(socket), std::move(options));
  impl->self = impl;
  TRY_ASSIGN(impl->service, net::LineService::open(loop, *impl, limits));
  return std::unique_ptr<Client>(new Client(loop, std::move(impl)));
}

Client::Client(loop::Loop& loop, std::shared_ptr<Impl> impl)
    : loop_(loop), impl_(std::move(impl)) {}

Client::~Client() {
  impl_->closed = true;
  impl_->calls.clear();
  // The service may be what calls us: let it end later.
  loop_.post([impl = std::move(impl_)] {});
}

void Client::connect(Completion<> done) {
  if (impl_->session != nullptr || impl_->closed) {
    Result<> result = {};
    if (impl_->closed) result = fail(Errc::closed, "the client is closed");
    loop_.post([result = std::move(result), done = std::move(done)]() mutable {
      done(std::move(result));
    });
    return;
  }
  impl_->connecting_for.push_back(std::move(done));
  impl_->connect();
}

Client::CallId Client::call(std::string_view method,
                            std::string_view params,
                            const CallOptions& options,
                            Completion<std::string> done) {
  const CallId id = ++impl_->last_id;
  if (impl_->closed) {
    impl_->fail_later({.code = Errc::closed, .message = "the client is closed"}, std::move(done));
    return id;
  }
  Pending call{.line = {}, .method = std::string(method), .read_only = options.read_only};
  rpc::encode_request(call.line, method, params, fmt::format_int(id).str());
  if (call.line.size() > kRequestLimit) {
    impl_->fail_later(
        {.code = Errc::request_too_large,
         .message = fmt::format(
             "the request has {} bytes, the limit is {}", call.line.size(), kRequestLimit)},
        std::move(done));
    return id;
  }
  call.done = std::move(done);
  impl_->begin(id, std::move(call), options.timeout);
  return id;
}

void Client::notify(std::string_view method, std::string_view params) {
  // A call whose completion is empty.
  if (impl_->closed) return;
  Pending call{.line = {}, .method = std::string(method)};
  const CallId id = ++impl_->last_id;
  rpc::encode_request(call.line, method, params, fmt::format_int(id).str());
  impl_->begin(id, std::move(call), CallOptions().timeout);
}

void Client::forget(CallId call) {
  impl_->calls.erase(call);
}

void Client::on_notification(OnNotification handler) {
  impl_->notified = std::move(handler);
}

void Client::close() {
  if (impl_->closed) return;
  impl_->closed = true;
  if (impl_->session != nullptr) std::exchange(impl_->session, nullptr)->close();
  loop_.post([impl = impl_] {
    impl->fail_all(Error{.code = Errc::closed, .message = "the client was closed"});
  });
}

std::size_t Client::pending() const {
  return impl_->calls.size();
}

bool Client::connected() const {
  return impl_->session != nullptr;
}

}  // namespace engine::client
