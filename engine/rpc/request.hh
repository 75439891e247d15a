#pragma once

#include "rpc/envelope.hh"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace engine::rpc {

/// Which protocol a line speaks (design, settled point 2).
enum class Protocol : std::uint8_t { json_rpc, xrat, spacedrive };

/// What a request of a foreign protocol is about: some have answers of their own.
enum class Verb : std::uint8_t {
  call,  ///< a method by name; JSON-RPC knows nothing else
  xrat_kind,
  xrat_ping,
  xrat_shutdown,
  ping,
  query,
  action,
  subscribe,
  unsubscribe,
  subscribe_logs,
  unsubscribe_logs,
  shutdown
};

/// What the method must be, whatever its name says.
enum class CallClass : std::uint8_t { any, query, action };

/// One call. Views into the line (or into the Incoming it came with).
struct Request {
  std::string_view method;
  std::string_view params = "{}";  ///< JSON text; absent or null params are "{}"
  std::string_view id = "null";    ///< JSON text, to be echoed as it is; absent is "null"
  std::string_view locale = {};    ///< `de_DE`; empty: not said
  std::string_view idempotency_key = {};
  std::string_view trace = {};
  std::uint32_t deadline_ms = 0;  ///< 0: the method's own
  Verb verb = Verb::call;
  CallClass required = CallClass::any;
  bool allow_latest = false;       ///< `query:area.name` without `.vN` means the highest version
  std::string_view instance = {};  ///< must be ours; empty: not said
};

/// What a line asks for. Value type, meant to be reused for every line of a loop.
struct Incoming {
  Protocol protocol = Protocol::json_rpc;
  bool batch = false;             ///< answers go into one array, in request order
  std::vector<Request> requests;  ///< empty on error; an empty batch is answered with `[]`
  Result<> status = {};           ///< parse_error, invalid_request, request_too_large or
                         ///< protocol_unsupported: answer it with `failure_id`, nothing else.
  std::string_view failure_id = "null";
  Verb failure_verb = Verb::call;  ///< of the foreign protocols: which form the answer has

  Envelopes envelopes;            ///< scratch space of the decoder
  std::deque<std::string> texts;  ///< what requests refer to and the line does not hold as such
};

/// The text of a member; empty when it is absent or null. ERRORS: Errc::invalid_request.
Result<std::string_view> read_text(const Slice& slice, std::string_view name, Incoming& out);

/// Reads method, params, id and options of `envelope` into a new request of `out`.
/// ERRORS: Errc::invalid_request.
Result<> read_call(const Envelope& envelope, Incoming& out);

/// Decodes one line without its LF. Never fails otherwise than through `out.status`.
/// THREADS: any, one Incoming each.
void decode(std::string_view line, Incoming& out, std::size_t max_depth = json::kMaxDepth);

}  // namespace engine::rpc
