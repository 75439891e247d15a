#pragma once

#include "app/daemon/stream_channels.hh"
#include "bindings/continuation_host.hh"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace engine::app {

/// Bounds of what is reserved and not taken yet.
struct ContinuationLimits {
  std::size_t total = 1'024;
  std::size_t per_session = 64;
};

/// The ids under which a client may come once, and the streams that came of them. Thread-safe.
class Continuations final : public bindings::ContinuationHost {
 public:
  explicit Continuations(ContinuationLimits limits = {}) : limits_(limits) {}

  Result<std::string> reserve_socket(std::string session, OpenSocket open) override;
  Result<std::string> reserve_body(std::string session, std::string method, OpenBody open) override;
  bool remove(const std::string& guid) override;
  std::size_t kill_session(const std::string& session) override;

  /// Takes the reservation of a WebSocket, and makes `channel` known to its session. False, and
  /// nothing is taken: there is none, or it is for another kind.
  bool take_socket(std::string_view guid, const std::shared_ptr<SocketChannel>& channel);
  bool take_body(std::string_view guid,
                 std::string_view method,
                 const std::shared_ptr<BodyChannel>& channel);
  /// Drops all reservations; before the loops of their scripts end.
  void clear();

 private:
  struct Entry {
    std::string session;
    std::string method;
    std::variant<OpenSocket, OpenBody> open;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;
  Result<std::string> reserve(Entry entry);
  void remember(const std::string& session, std::weak_ptr<Channel> channel);

  const ContinuationLimits limits_;
  std::mutex mutex_;
  Entries entries_;
  std::map<std::string, std::vector<std::weak_ptr<Channel>>> streams_;  ///< of sessions
};

}  // namespace engine::app
