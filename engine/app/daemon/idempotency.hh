#pragma once

#include "app/daemon/request.hh"
#include "base/time.hh"
#include "loop/loop.hh"

#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace engine::app {

/// Bounds of what is remembered.
struct IdempotencyLimits {
  Milliseconds keep{600'000};       ///< how long a repeat gets the first result
  std::size_t calls = 16'384;       ///< then the oldest are forgotten
  std::size_t bytes = 16UL << 20U;  ///< of results; then the oldest lose theirs
  std::size_t result = 1UL << 20U;  ///< a longer result is not kept
};

/// The first results of calls with an idempotency key: a call that arrives again, because its
/// client lost the connection, is carried out once. Keys belong to their caller: the user of a Unix
/// socket, the cookie of an HTTP request, else the connection. Resource type, thread-safe; outlives
/// the calls it took.
///
/// A repeat is let through the middleware before it gets anything: the session that made the first
/// call may have ended. While the first one runs it waits for it. Refusals that say nothing was
/// done (busy, starting, cancelled, not allowed) are not remembered. A result that is no longer
/// kept, though its call is remembered, is answered with Errc::conflict; another method or other
/// parameters under the same key with Errc::invalid_request.
class IdempotencyTable {
 public:
  static constexpr std::size_t kLongestKey = 64;

  explicit IdempotencyTable(IdempotencyLimits limits = {}) : limits_(limits) {}
  IdempotencyTable(const IdempotencyTable&) = delete;
  IdempotencyTable& operator=(const IdempotencyTable&) = delete;

  /// What is to be done with a call: run it, or only its middleware (RequestExtras::gate_only), and
  /// give `reply` what came of that. The caller is answered through it.
  struct Admission {
    bool repeat;
    Reply reply;
  };
  /// Takes a call. Nullopt: `reply` was called. `home` is the loop of the calling thread; `reply`
  /// of a repeat that waits is called there.
  std::optional<Admission> admit(const Caller& caller,
                                 std::string_view key,
                                 std::string_view method,
                                 std::string_view params,
                                 loop::Loop& home,
                                 Reply reply);

  /// Calls remembered, and the bytes of their results.
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::size_t bytes() const;

 private:
  struct Waiting {
    loop::Loop* home;
    Reply reply;
  };
  struct Outcome {
    Result<std::string> result;
    ResponseHead head;
  };
  struct Entry {
    std::string owner;  ///< hash of caller and key
    std::string method;
    std::size_t params_size = 0;
    std::size_t params_hash = 0;
    TimePoint until = TimePoint::max();  ///< of one that ended
    std::vector<Waiting> waiting;        ///< while it runs
    bool running = true;
    std::optional<Outcome> outcome;  ///< absent: runs, or no longer kept
    std::size_t bytes = 0;
  };
  using Entries = std::list<Entry>;  ///< oldest first
  struct Ticket;

  void replay(const std::string& owner, loop::Loop& home, Reply reply);
  void finish(const std::string& owner, const Outcome& outcome);
  void abandon(const std::string& owner);
  void forget(Entries::iterator entry);
  void trim();

  IdempotencyLimits limits_;
  mutable std::mutex mutex_;
  Entries entries_;
  std::map<std::string, Entries::iterator, std::less<>> by_owner_;
  std::size_t bytes_ = 0;
};

}  // namespace engine::app
