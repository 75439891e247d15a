#include "client/subscriptions.hh"

#include "json/reader.hh"
#include "json/writer.hh"

#include <algorithm>
#include <iterator>

namespace engine::client {
namespace {

/// Events kept for a subscription whose answer has not come yet; more become a gap.
constexpr std::size_t kMostEarly = 4'096;

std::uint64_t number(const json::Value& of, std::string_view key) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(of.integer_or(key, 0), 0));
}

/// The filter in one spelling, so that equal ones can be told.
std::string canonical(std::string_view filter) {
  const auto value = json::parse(filter);
  return value && value->is_object() ? json::write(*value) : std::string(filter);
}

/// Parameters of `event.subscribe`.
std::string subscribe_params(std::string_view filter, const SubscribeFrom& from) {
  auto params = json::parse(filter);
  if (!params || !params->is_object()) return std::string(filter);  // the server says what is wrong
  if (from.since_seq != 0) (*params)["sinceSeq"] = from.since_seq;
  if (from.replay_last != 0) (*params)["replayLast"] = static_cast<std::uint64_t>(from.replay_last);
  if (!from.store.empty()) (*params)["store"] = from.store;
  return json::write(*params);
}

}  // namespace

SubscriptionId Subscriptions::add(std::string_view filter,
                                  const SubscribeFrom& from,
                                  OnNotice consumer) {
  const SubscriptionId id = ++last_id_;
  auto reader = std::make_shared<Consumer>(Consumer{.id = id, .tell = std::move(consumer)});
  const bool live = from.since_seq == 0 && from.replay_last == 0;
  std::string text = canonical(filter);
  const auto found = std::find_if(servers_.begin(), servers_.end(), [&](const ServerPtr& server) {
    return live && server->shared && server->filter == text;
  });
  if (found != servers_.end()) {
    (*found)->consumers.push_back(std::move(reader));
    return id;
  }
  auto server = std::make_shared<Server>(
      Server{.filter = std::move(text), .from = from, .shared = live, .last = from.since_seq});
  server->consumers.push_back(std::move(reader));
  servers_.push_back(server);
  if (connected_) ask(server);
  return id;
}

void Subscriptions::remove(SubscriptionId id) {
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    const ServerPtr server = servers_[i];
    const auto found = std::find_if(server->consumers.begin(),
                                    server->consumers.end(),
                                    [id](const ConsumerPtr& one) { return one->id == id; });
    if (found == server->consumers.end()) continue;
    (*found)->gone = true;
    server->consumers.erase(found);
    if (!server->consumers.empty()) return;
    servers_.erase(servers_.begin() + static_cast<std::ptrdiff_t>(i));
    leave(*server);
    return;
  }
}

void Subscriptions::leave(Server& server) {
  if (server.sub == 0 || !connected_) return;
  json::Value params;
  params["sub"] = server.sub;
  wire_.ask("event.unsubscribe", json::write(params), [](const Result<std::string>&) {});
}

void Subscriptions::end(const Error& why) {
  connected_ = false;
  for (const ServerPtr& server : std::exchange(servers_, {}))
    tell(*server, {.kind = Notice::Kind::ended, .error = why});
}

void Subscriptions::abandon() {
  connected_ = false;
  for (const ServerPtr& server : std::exchange(servers_, {})) {
    for (const ConsumerPtr& one : server->consumers)
      one->gone = true;
  }
}

void Subscriptions::on_connected() {
  connected_ = true;
  for (const ServerPtr& server : std::vector(servers_))
    ask(server);
}

void Subscriptions::on_disconnected() {
  connected_ = false;
  early_.clear();
  for (const ServerPtr& server : servers_)
    server->sub = server->asking = 0;
}

bool Subscriptions::asking() const {
  return std::ranges::any_of(servers_, [](const ServerPtr& one) { return one->asking != 0; });
}

Subscriptions::ServerPtr Subscriptions::find(std::uint64_t sub) const {
  const auto found = std::ranges::find_if(
      servers_, [sub](const ServerPtr& one) { return sub != 0 && one->sub == sub; });
  return found == servers_.end() ? nullptr : *found;
}

void Subscriptions::ask(const ServerPtr& server) {
  const SubscribeFrom from = server->established
                                 ? SubscribeFrom{.since_seq = server->last, .store = server->store}
                                 : server->from;
  server->asking = ++last_ask_;
  wire_.ask("event.subscribe",
            subscribe_params(server->filter, from),
            [this, server, request = last_ask_](const Result<std::string>& answer) {
              if (server->asking == request) on_answer(server, answer);
            });
}

void Subscriptions::on_answer(const ServerPtr& server, const Result<std::string>& answer) {
  server->asking = 0;
  const auto result = answer ? json::parse(*answer) : Result<json::Value>(fail(answer.error()));
  if (!result) {
    std::erase(servers_, server);
    tell(*server, {.kind = Notice::Kind::ended, .error = result.error()});
    return;
  }
  server->sub = number(*result, "sub");
  if (server->consumers.empty()) {
    leave(*server);
    return;
  }
  const std::uint64_t next = number(*result, "next");
  // Another store, or numbers below those seen already: a server that began anew.
  const std::string store = result->string_or("store", "");
  const bool another =
      next != 0 && (next <= server->last || (server->established && store != server->store));
  server->store = store;
  const bool gap = result->boolean_or("gap", false) || another;
  if (!server->established && server->from.replay_last == 0 && server->last == 0 && next != 0) {
    server->last = next - 1;
  }
  if (another) server->last = next - 1;
  server->established = true;
  if (gap) tell(*server, {.kind = Notice::Kind::gap});
  hand_on_early(server);
}

void Subscriptions::hand_on_early(const ServerPtr& server) {
  std::vector<Early> mine;
  const auto others = std::stable_partition(
      early_.begin(), early_.end(), [&](const Early& one) { return one.sub != server->sub; });
  mine.assign(std::make_move_iterator(others), std::make_move_iterator(early_.end()));
  early_.erase(others, early_.end());
  if (!asking()) early_.clear();
  if (std::exchange(early_lost_, false)) tell(*server, {.kind = Notice::Kind::gap});
  for (const Early& one : mine)
    deliver(server, one.seq, one.text);
}

bool Subscriptions::on_notification(std::string_view method, std::string_view params) {
  if (servers_.empty() || (method != "event" && method != "lagged")) return false;
  const auto value = json::parse(params);
  if (!value) return false;
  if (method == "lagged") {
    on_lagged(*value);
    return false;  // it may be about other subscriptions of the same connection as well
  }
  if (!find(number(*value, "sub")) && !asking()) return false;
  on_event(*value);
  return true;
}

void Subscriptions::on_event(const json::Value& params) {
  const std::uint64_t sub = number(params, "sub");
  const std::uint64_t seq = number(params, "seq");
  const json::Value* event = params.find("event");
  std::string text = event == nullptr ? "null" : json::write(*event);
  if (const ServerPtr server = find(sub)) {
    deliver(server, seq, text);
  } else if (early_.size() < kMostEarly) {
    early_.push_back({sub, seq, std::move(text)});
  } else {
    early_lost_ = true;
  }
}

void Subscriptions::on_lagged(const json::Value& params) {
  const std::uint64_t sub = number(params, "sub");
  const Notice notice{.kind = Notice::Kind::lagged, .dropped = number(params, "dropped")};
  for (const ServerPtr& server : std::vector(servers_)) {
    if (sub == 0 || server->sub == sub) tell(*server, notice);
  }
}

void Subscriptions::deliver(const ServerPtr& server, std::uint64_t seq, std::string_view text) {
  if (seq != 0 && seq <= server->last && server->established) return;  // seen before
  server->last = std::max(server->last, seq);
  tell(*server, {.kind = Notice::Kind::event, .seq = seq, .event = text});
}

void Subscriptions::tell(Server& server, const Notice& notice) {
  for (const ConsumerPtr& one : std::vector(server.consumers)) {
    if (!one->gone && one->tell) one->tell(notice);
  }
}

}  // namespace engine::client
