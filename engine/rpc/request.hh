#pragma once

#include "rpc/envelope.hh"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace engine::rpc {

/// One call. Views into the line (or into the Incoming it came with).
struct Request {
  std::string_view method;
  std::string_view params = "{}";  ///< JSON text; absent or null params are "{}"
  std::string_view id = "null";    ///< JSON text, to be echoed as it is; absent is "null"
  std::string_view locale = {};    ///< `de_DE`; empty: not said
  std::string_view idempotency_key = {};
  std::string_view trace = {};
  std::uint32_t deadline_ms = 0;  ///< 0: the method's own
};

/// Which protocol a line speaks (design, settled point 2).
enum class Protocol : std::uint8_t { json_rpc, xrat, spacedrive };

/// What a line asks for. Value type, meant to be reused for every line of a loop.
struct Incoming {
  Protocol protocol = Protocol::json_rpc;
  bool batch = false;             ///< answers go into one array, in request order
  std::vector<Request> requests;  ///< empty on error; an empty batch is answered with `[]`
  Result<> status = {};  ///< parse_error, invalid_request or request_too_large: answer it with id
                         ///< null and nothing else. Also set for a protocol not served yet.

  Envelopes envelopes;               ///< scratch space of the decoder
  std::deque<std::string> unquoted;  ///< strings that were written with escapes
};

/// Decodes one line without its LF. Never fails otherwise than through `out.status`.
/// THREADS: any, one Incoming each.
void decode(std::string_view line, Incoming& out, std::size_t max_depth = json::kMaxDepth);

}  // namespace engine::rpc
