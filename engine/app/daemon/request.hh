#pragma once

#include "app/daemon/caller.hh"
#include "base/result.hh"
#include "base/time.hh"
#include "loop/completion.hh"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace engine::app {

/// What few calls say. Value type.
struct RequestExtras {
  std::string locale;           ///< `de_DE`; empty: the caller's
  std::string idempotency_key;  ///< repeats within a while get the first result
  std::string trace;            ///< names the call in logs and spans
  bool gate_only = false;       ///< may the caller call? The handler does not run
};

/// One call on its way to a handler. Value type; crosses threads.
struct Request {
  std::shared_ptr<const Caller> caller;
  std::string method;
  std::string params = "{}";  ///< JSON text
  Milliseconds deadline{30'000};
  std::unique_ptr<const RequestExtras> extras = {};  ///< null: nothing of it was said
  /// When it was decoded, or came to the thread that runs it: its deadline counts from here.
  TimePoint begun = {};

  [[nodiscard]] const std::string& context() const { return caller->context; }
};

/// What middleware wrote beside the result (`call.response`): for transports with headers.
struct ResponseHead {
  HeaderList headers;
  std::optional<std::uint64_t> patch_sequence;
};

/// Gets the JSON text of a result.
using Reply = UniqueFunction<void(Result<std::string>, ResponseHead)>;

}  // namespace engine::app
