#pragma once

#include "app/daemon/blocking_pool.hh"
#include "app/daemon/caller.hh"
#include "app/daemon/default_locale.hh"
#include "app/daemon/failure_table.hh"
#include "app/daemon/idempotency.hh"
#include "app/daemon/metrics.hh"
#include "app/daemon/script_loop.hh"
#include "app/daemon/settings.hh"
#include "rpc/answer.hh"
#include "rpc/request.hh"

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace engine::app {

class Batch;

/// What is answered to one line (or to one HTTP body).
struct LineReply {
  std::string text;                 ///< without a line end
  std::vector<ResponseHead> heads;  ///< of each call that has one, in the order of the calls
  bool close = false;               ///< the protocol ends the connection after it
};

/// Gets one line's answer. May run before the call that took it returns.
using LineAnswer = UniqueFunction<void(LineReply)>;

/// The middle of a request's way: line → calls → the VM of the right kind → answer. Thread-safe:
/// each worker calls it for its own connections and gets its answers on its own thread.
class Dispatcher {
 public:
  struct Settings {
    WireLimits limits;
    std::string instance;      ///< requests may name it
    std::string absence = {};  ///< why methods may be missing; empty if none should
  };
  Dispatcher(ScriptLoop& control, BlockingPool& pool, FailureTable& failures, Settings settings)
      : control_(control),
        pool_(pool),
        failures_(failures),
        limits_(settings.limits),
        instance_(std::move(settings.instance)),
        absence_(std::move(settings.absence)) {}

  /// Answers one message; returns the protocol it speaks.
  rpc::Protocol handle_line(ScriptLoop& worker,
                            const std::shared_ptr<const Caller>& caller,
                            std::string_view line,
                            LineAnswer answer);

  /// The connection has gone: what still runs for it on any thread is cancelled, except `detached`
  /// methods, and of its batches nothing more is begun. On the connection's worker.
  void cancel_connection(ScriptLoop& worker, std::uint64_t connection);

  [[nodiscard]] const Metrics& metrics() const { return metrics_; }

  /// One decoded call. `call` is read before this returns.
  void handle_call(ScriptLoop& worker,
                   const std::shared_ptr<const Caller>& caller,
                   const rpc::Request& call,
                   rpc::AnswerForm form,
                   LineAnswer answer);

  /// The answer to a line that was too long to be read.
  [[nodiscard]] std::string oversize_answer() const;
  [[nodiscard]] const WireLimits& limits() const { return limits_; }

  /// For calls that name no language; set on any thread.
  DefaultLocale default_locale;

  /// Told of a method marked as deprecated when it is called for the first time; on any worker's
  /// thread. Set before the first call.
  UniqueFunction<void(const rpc::Method&)> on_deprecated;

 private:
  [[nodiscard]] Result<> check_call(const rpc::Request& call, const rpc::Method& method) const;
  void remember(std::uint64_t connection, const std::shared_ptr<Batch>& batch);
  void warn_deprecated(const rpc::Method& method);
  void route(ScriptLoop& worker,
             const LoadedTree& tree,
             const rpc::Method& method,
             Request request,
             std::string_view params,
             Reply reply);
  Metrics::Counters& counters_of(const LoadedTree& tree, const rpc::Method& method);

  ScriptLoop& control_;
  BlockingPool& pool_;
  FailureTable& failures_;
  Metrics metrics_;
  IdempotencyTable idempotency_;
  const WireLimits limits_;
  const std::string instance_;
  const std::string absence_;
  std::mutex batches_mutex_;
  std::map<std::uint64_t, std::vector<std::weak_ptr<Batch>>> batches_;  ///< of connections
  std::mutex deprecated_mutex_;
  std::set<std::string> deprecated_;
};

}  // namespace engine::app
