#pragma once

#include "app/daemon/blocking_pool.hh"
#include "app/daemon/caller.hh"
#include "app/daemon/failure_table.hh"
#include "app/daemon/idempotency.hh"
#include "app/daemon/script_loop.hh"
#include "rpc/request.hh"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace engine::app {

/// What is answered to one line (or to one HTTP body).
struct LineReply {
  std::string text;                 ///< without a line end
  std::vector<ResponseHead> heads;  ///< of each call that has one, in the order of the calls
};

/// Gets one line's answer. May run before the call that took it returns.
using LineAnswer = UniqueFunction<void(LineReply)>;

/// The middle of a request's way: line → calls → the VM of the right kind → answer. Thread-safe:
/// each worker calls it for its own connections and gets its answers on its own thread.
class Dispatcher {
 public:
  Dispatcher(ScriptLoop& control, BlockingPool& pool, FailureTable& failures)
      : control_(control), pool_(pool), failures_(failures) {}

  void handle_line(ScriptLoop& worker,
                   const std::shared_ptr<const Caller>& caller,
                   std::string_view line,
                   LineAnswer answer);

  /// The connection has gone: what still runs for it on any thread is cancelled, except `detached`
  /// methods. Thread-safe.
  void cancel_connection(ScriptLoop& worker, std::uint64_t connection);

  /// The answer to a line that was too long to be read.
  static std::string oversize_answer(std::size_t limit);

 private:
  void handle_call(ScriptLoop& worker,
                   const std::shared_ptr<const Caller>& caller,
                   const rpc::Request& call,
                   LineAnswer answer);
  void route(ScriptLoop& worker, rpc::HandlerKind kind, Request request, Reply reply);

  ScriptLoop& control_;
  BlockingPool& pool_;
  FailureTable& failures_;
  IdempotencyTable idempotency_;
};

}  // namespace engine::app
