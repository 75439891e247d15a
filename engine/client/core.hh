#pragma once

#include "client/backoff.hh"
#include "client/client.hh"
#include "client/subscriptions.hh"
#include "net/line_service.hh"
#include "rpc/message.hh"

#include <map>
#include <optional>
#include <vector>

namespace engine::client {

/// A call that has no answer yet.
struct PendingCall {
  std::string line;  ///< the request without its `deadline_ms` and end: those change
  std::string method;
  TimePoint deadline = {};
  bool safe = false;        ///< may be repeated
  bool connection = false;  ///< dies with the connection: it is about it
  bool queued = false;      ///< given to the current connection
  bool resting = false;     ///< the server is busy; waits for its time
  std::uint64_t begin = 0;  ///< where its first byte lies in what that connection sends
  int attempts = 0;
  Completion<std::string> done = {};
  std::unique_ptr<loop::Timer> timer = {};
  std::unique_ptr<loop::Timer> rest = {};
};

/// Connection and calls of a Client; outlives it as long as one of its own callbacks runs.
class Core final : public net::LineHandler, private Subscriptions::Wire {
 public:
  using CallId = Client::CallId;

  static Result<std::shared_ptr<Core>> open(loop::Loop& loop,
                                            std::filesystem::path socket,
                                            Options options);
  Core(loop::Loop& loop, std::filesystem::path socket, Options options);
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;
  ~Core() override;

  void connect(Completion<> done);
  CallId call(std::string_view method,
              std::string_view params,
              const CallOptions& options,
              Completion<std::string> done);
  void forget(CallId id) { calls_.erase(id); }
  SubscriptionId subscribe(std::string_view filter, const SubscribeFrom& from, OnNotice consumer);
  void unsubscribe(SubscriptionId id) { subscriptions_.remove(id); }
  void close();
  /// Lets go of everything that could call its user.
  void abandon();

  [[nodiscard]] std::size_t pending() const { return calls_.size(); }
  [[nodiscard]] bool connected() const { return session_ != nullptr; }

  Client::OnNotification notified;

 private:
  void on_line(net::LineSession& session, std::string_view line, net::Answer answer) override;
  void on_oversize(net::LineSession& session, net::Answer answer) override;
  void on_close(net::LineSession& session) override;
  void ask(std::string_view method, std::string params, Completion<std::string> done) override;

  void connect_now();
  void on_connected(Result<UniqueFd> made);
  void on_connect_failed(Error error);
  void reconnect_later();
  void begin(CallId id, PendingCall call);
  void send(PendingCall& call);
  void on_timeout(CallId id);
  void on_error_answer(CallId id);
  void on_unaddressed_error();
  void settle(CallId id, Result<std::string> result);
  void fail_all(const Error& error);
  void fail_later(Error error, Completion<std::string> done);
  bool rest(CallId id, PendingCall& call, const Error& error);
  void on_rested(CallId id);
  [[nodiscard]] Error lost_error(const PendingCall& call) const;
  [[nodiscard]] Error with_advice(Error error) const;
  [[nodiscard]] bool needed() const;

  loop::Loop& loop_;
  std::filesystem::path socket_;
  Options options_;
  std::map<CallId, PendingCall> calls_;
  std::vector<Completion<>> connecting_for_;
  CallId last_id_ = 0;
  net::LineSession* session_ = nullptr;
  bool connecting_ = false;
  bool closed_ = false;
  std::optional<Error> refusal_;  ///< what the server said about the connection itself
  std::string garbage_;           ///< why we hung up
  TimePoint recover_until_ = {};  ///< till then a server that is not there may come back
  Backoff backoff_;
  loop::Timer retry_;
  rpc::Message message_;
  Subscriptions subscriptions_;
  std::weak_ptr<Core> self_;
  std::unique_ptr<net::LineService> service_;
};

}  // namespace engine::client
