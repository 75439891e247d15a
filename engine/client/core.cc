#include "client/core.hh"

#include "client/request_line.hh"
#include "net/connect.hh"
#include "rpc/encode.hh"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

namespace engine::client {
namespace {

constexpr int kMostAttempts = 3;
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

std::optional<std::uint64_t> to_call_id(std::string_view id) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  if (error != std::errc() || end != id.data() + id.size()) return std::nullopt;
  return number;
}

}  // namespace

Result<std::shared_ptr<Core>> Core::open(loop::Loop& loop,
                                         std::filesystem::path socket,
                                         Options options) {
  const net::LineLimits limits = session_limits(options);
  auto core = std::make_shared<Core>(loop, std::move(socket), std::move(options));
  core->self_ = core;
  TRY_ASSIGN(core->service_, net::LineService::open(loop, *core, limits));
  return core;
}

Core::Core(loop::Loop& loop, std::filesystem::path socket, Options options)
    : loop_(loop),
      socket_(std::move(socket)),
      options_(std::move(options)),
      retry_(loop),
      subscriptions_(*this) {}

Core::~Core() {
  closed_ = true;
  service_.reset();
}

void Core::abandon() {
  closed_ = true;
  calls_.clear();
  connecting_for_.clear();
  subscriptions_.abandon();
  retry_.cancel();
}

// --- connection ---------------------------------------------------------------------------------

void Core::connect(Completion<> done) {
  if (session_ != nullptr || closed_) {
    Result<> result = {};
    if (closed_) result = fail(Errc::closed, "the client is closed");
    loop_.post([result = std::move(result), done = std::move(done)]() mutable {
      done(std::move(result));
    });
    return;
  }
  connecting_for_.push_back(std::move(done));
  connect_now();
}

void Core::connect_now() {
  if (connecting_ || closed_) return;
  connecting_ = true;
  retry_.cancel();
  const net::ConnectOptions how{.timeout = options_.connect_timeout,
                                .wait_for_socket = options_.wait_for_socket};
  net::connect_unix(loop_, socket_, how, [weak = self_](Result<UniqueFd> made) {
    if (const auto core = weak.lock()) core->on_connected(std::move(made));
  });
}

void Core::on_connected(Result<UniqueFd> made) {
  connecting_ = false;
  if (closed_) return;
  Result<net::LineSession*> opened = nullptr;
  if (made) {
    opened = service_->open_session(std::move(*made));
  } else {
    opened = fail(with_advice(std::move(made).error()));
  }
  if (!opened) return on_connect_failed(std::move(opened).error());
  session_ = *opened;
  refusal_.reset();
  garbage_.clear();
  for (auto& [id, call] : calls_) {
    if (!call.resting) send(call);
  }
  subscriptions_.on_connected();
  for (Completion<>& done : std::exchange(connecting_for_, {}))
    done({});
}

void Core::on_connect_failed(Error error) {
  const bool may_come_back = error.code != Errc::permission_denied;
  if (!may_come_back) subscriptions_.end(error);
  if (!may_come_back || Clock::now() >= recover_until_) fail_all(error);
  if (may_come_back && !closed_ && needed()) reconnect_later();
}

/// Tries again after a while; is not repeated while a wait or an attempt is under way.
void Core::reconnect_later() {
  retry_.start(backoff_.next(), [weak = self_] {
    const auto core = weak.lock();
    if (core && core->session_ == nullptr && core->needed()) core->connect_now();
  });
}

/// Whether somebody waits for a connection: not those who wait for a busy server's time.
bool Core::needed() const {
  return !subscriptions_.empty() ||
         std::ranges::any_of(calls_, [](const auto& one) { return !one.second.resting; });
}

Error Core::with_advice(Error error) const {
  if (error.code == Errc::daemon_not_running) {
    error.hint = options_.not_running_hint;
  }
  return error;
}

void Core::on_close(net::LineSession& gone) {
  if (&gone != session_) return;
  const auto alive = self_.lock();
  session_ = nullptr;
  if (closed_) return;
  subscriptions_.on_disconnected();
  std::vector<std::pair<CallId, Error>> lost;
  std::erase_if(calls_, [](const auto& one) { return one.second.connection; });
  for (auto& [id, call] : calls_) {
    if (call.resting) continue;
    const bool untouched = !call.queued || gone.sent_total() <= call.begin;
    call.queued = false;
    if (refusal_) {
      if (!rest(id, call, *refusal_)) lost.emplace_back(id, *refusal_);
    } else if ((!untouched && !call.safe) || call.attempts >= kMostAttempts) {
      lost.emplace_back(id, lost_error(call));
    }
  }
  for (const auto& [id, error] : lost)
    settle(id, fail(error));
  if (closed_) return;
  // Also for a call that comes while the server restarts.
  recover_until_ = Clock::now() + options_.connect_timeout;
  if (needed()) reconnect_later();
}

Error Core::lost_error(const PendingCall& call) const {
  const std::string cause = garbage_.empty() ? "" : ": " + garbage_;
  return Error{.code = call.safe ? Errc::connection_lost : Errc::outcome_unknown,
               .message = fmt::format(
                   "the connection to {} broke during {}{}", socket_.string(), call.method, cause),
               .hint = !call.safe ? "it may have been carried out: look before you repeat it"
                       : garbage_.empty() ? "try again"
                                          : "what listens there does not speak like a daemon"};
}

// --- calls --------------------------------------------------------------------------------------

Core::CallId Core::call(std::string_view method,
                        std::string_view params,
                        const CallOptions& options,
                        Completion<std::string> done) {
  const CallId id = ++last_id_;
  if (closed_) {
    fail_later({.code = Errc::closed, .message = "the client is closed"}, std::move(done));
    return id;
  }
  const bool query = options.read_only || method.starts_with("query:");
  PendingCall call{.line = begin_request(id, method, params, options, options_.locale),
                   .method = std::string(method),
                   .deadline = Clock::now() + options.timeout,
                   .safe = query || !options.idempotency_key.empty()};
  if (call.line.size() > kRequestLimit) {
    fail_later({.code = Errc::request_too_large,
                .message = fmt::format(
                    "the request has {} bytes, the limit is {}", call.line.size(), kRequestLimit)},
               std::move(done));
    return id;
  }
  call.done = std::move(done);
  begin(id, std::move(call));
  return id;
}

void Core::begin(CallId id, PendingCall call) {
  call.timer = std::make_unique<loop::Timer>(loop_);
  const auto left = std::chrono::ceil<Milliseconds>(call.deadline - Clock::now());
  call.timer->start(std::max(left, Milliseconds(0)), [weak = self_, id] {
    if (const auto core = weak.lock()) core->on_timeout(id);
  });
  PendingCall& kept = calls_.emplace(id, std::move(call)).first->second;
  if (session_ != nullptr) {
    send(kept);
  } else {
    connect_now();
  }
}

/// A call about this connection, for the subscriptions.
void Core::ask(std::string_view method, std::string params, Completion<std::string> done) {
  if (session_ == nullptr) return;
  const CallOptions options;
  const CallId id = ++last_id_;
  begin(id,
        {.line = begin_request(id, method, params, options, options_.locale),
         .method = std::string(method),
         .deadline = Clock::now() + options.timeout,
         .connection = true,
         .done = std::move(done)});
}

void Core::send(PendingCall& call) {
  call.begin = session_->queued_total();
  call.queued = true;
  ++call.attempts;
  const std::size_t size = call.line.size();
  end_request(call.line, std::chrono::ceil<Milliseconds>(call.deadline - Clock::now()));
  session_->send(call.line);
  call.line.resize(size);
}

void Core::on_timeout(CallId id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  const PendingCall& call = found->second;
  std::string message = fmt::format("no answer to {} in time", call.method);
  if (call.resting) message += "; the daemon is busy";
  settle(id, fail(Errc::timeout, std::move(message)));
}

void Core::settle(CallId id, Result<std::string> result) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  Completion<std::string> done = std::move(found->second.done);
  calls_.erase(found);
  if (done) done(std::move(result));
}

void Core::fail_all(const Error& error) {
  for (Completion<>& done : std::exchange(connecting_for_, {}))
    done(fail(error));
  std::vector<CallId> ids;
  for (const auto& [id, call] : calls_)
    ids.push_back(id);
  for (const CallId id : ids)
    settle(id, fail(error));
}

/// Fails a call that never began; not inline.
void Core::fail_later(Error error, Completion<std::string> done) {
  loop_.post([error = std::move(error), done = std::move(done)]() mutable {
    if (done) done(fail(std::move(error)));
  });
}

/// Puts a call off that the server is too busy for: as long as that said, more with each attempt,
/// and up to a quarter more by chance. False when it has to fail.
bool Core::rest(CallId id, PendingCall& call, const Error& error) {
  const auto wait = rpc::retry_after_ms(error);
  const auto left = std::chrono::floor<Milliseconds>(call.deadline - Clock::now());
  if (!wait || *wait < 0 || call.attempts >= kMostAttempts ||
      *wait >= left.count() / call.attempts) {
    return false;
  }
  const auto longer = backoff_.stretch(Milliseconds(*wait) * call.attempts);
  call.resting = true;
  call.queued = false;
  call.rest = std::make_unique<loop::Timer>(loop_);
  call.rest->start(std::min(longer, left), [weak = self_, id] {
    if (const auto core = weak.lock()) core->on_rested(id);
  });
  return true;
}

void Core::on_rested(CallId id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;
  found->second.resting = false;
  if (session_ != nullptr) {
    send(found->second);
  } else {
    connect_now();
  }
}

// --- subscriptions ------------------------------------------------------------------------------

SubscriptionId Core::subscribe(std::string_view filter,
                               const SubscribeFrom& from,
                               OnNotice consumer) {
  if (closed_) {
    loop_.post([consumer = std::move(consumer)]() mutable {
      consumer({.kind = Notice::Kind::ended,
                .error = {.code = Errc::closed, .message = "the client is closed"}});
    });
    return 0;
  }
  const SubscriptionId id = subscriptions_.add(filter, from, std::move(consumer));
  if (session_ == nullptr) connect_now();
  return id;
}

void Core::close() {
  if (closed_) return;
  closed_ = true;
  retry_.cancel();
  if (session_ != nullptr) std::exchange(session_, nullptr)->close();
  loop_.post([self = self_.lock()] {
    if (!self) return;
    const Error error{.code = Errc::closed, .message = "the client was closed"};
    self->fail_all(error);
    self->subscriptions_.end(error);
  });
}

// --- lines --------------------------------------------------------------------------------------

void Core::on_line(net::LineSession& from, std::string_view line, net::Answer) {
  const auto alive = self_.lock();
  if (closed_ || !alive) return;
  if (Result<> decoded = rpc::decode_message(line, message_); !decoded) {
    // Nothing that comes behind it can be trusted to be what it seems.
    garbage_ = decoded.error().message;
    from.close();
    return;
  }
  if (message_.kind == rpc::Message::Kind::notification) {
    backoff_.reset();
    if (subscriptions_.on_notification(message_.method, message_.params)) return;
    if (notified && !closed_) notified(message_.method, message_.params);
    return;
  }
  const auto id = to_call_id(message_.id);
  if (message_.kind == rpc::Message::Kind::error) {
    if (!id) return on_unaddressed_error();
    backoff_.reset();
    on_error_answer(*id);
  } else if (id) {
    backoff_.reset();
    settle(*id, std::string(message_.result));
  }
}

void Core::on_error_answer(CallId id) {
  const auto found = calls_.find(id);
  if (found == calls_.end() || rest(id, found->second, message_.error)) return;
  settle(id, fail(message_.error));
}

/// The server could not read a request, or does not want this connection.
void Core::on_unaddressed_error() {
  refusal_ = message_.error;
  if (calls_.size() == 1) on_error_answer(calls_.begin()->first);
}

void Core::on_oversize(net::LineSession& from, net::Answer) {
  refusal_ = Error{.code = Errc::deserialization, .message = "a response is over the size limit"};
  from.close();
}

}  // namespace engine::client
