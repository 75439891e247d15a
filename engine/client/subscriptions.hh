#pragma once

#include "client/notice.hh"
#include "json/value.hh"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace engine::client {

/// The subscriptions of a client, and which of them the server has on the present connection.
/// Does no I/O itself: what it wants to call goes through `Wire`. Lives on the client's loop.
class Subscriptions {
 public:
  /// What it needs of the connection; outlives it.
  class Wire {
   public:
    virtual ~Wire() = default;
    /// Calls the server on this connection only; `done` is dropped when that breaks.
    virtual void ask(std::string_view method, std::string params, Completion<std::string> done) = 0;
  };

  explicit Subscriptions(Wire& wire) : wire_(wire) {}

  SubscriptionId add(std::string_view filter, const SubscribeFrom& from, OnNotice consumer);
  void remove(SubscriptionId id);
  /// Ends them all.
  void end(const Error& why);
  /// The same, and no consumer is told.
  void abandon();

  void on_connected();
  void on_disconnected();
  /// A notification of the server. False when it belongs to no subscription.
  bool on_notification(std::string_view method, std::string_view params);

  [[nodiscard]] bool empty() const { return servers_.empty(); }

 private:
  struct Consumer {
    SubscriptionId id;
    OnNotice tell;
    bool gone = false;
  };
  using ConsumerPtr = std::shared_ptr<Consumer>;

  /// One subscription on the server and those who read it.
  struct Server {
    std::string filter;
    SubscribeFrom from;
    bool shared = false;       ///< others may join
    std::uint64_t sub = 0;     ///< the server's name for it; 0: it has none (yet)
    std::uint64_t last = 0;    ///< newest event seen, or skipped
    bool established = false;  ///< was answered once
    std::uint64_t asking = 0;  ///< number of the request under way
    std::string store = {};    ///< whose numbers `last` is one of
    std::vector<ConsumerPtr> consumers = {};
  };
  using ServerPtr = std::shared_ptr<Server>;
  struct Early {
    std::uint64_t sub;
    std::uint64_t seq;
    std::string text;
  };

  void ask(const ServerPtr& server);
  void on_answer(const ServerPtr& server, const Result<std::string>& answer);
  void leave(Server& server);
  void hand_on_early(const ServerPtr& server);
  void on_event(const json::Value& params);
  void on_lagged(const json::Value& params);
  void deliver(const ServerPtr& server, std::uint64_t seq, std::string_view text);
  static void tell(Server& server, const Notice& notice);
  [[nodiscard]] ServerPtr find(std::uint64_t sub) const;
  [[nodiscard]] bool asking() const;

  Wire& wire_;
  std::vector<ServerPtr> servers_;
  std::vector<Early> early_;  ///< events that came before the answer that names their `sub`
  SubscriptionId last_id_ = 0;
  std::uint64_t last_ask_ = 0;
  bool early_lost_ = false;
  bool connected_ = false;
};

}  // namespace engine::client
