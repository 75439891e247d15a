#pragma once

#include "rpc/envelope.hh"

#include <cstdint>
#include <string>
#include <string_view>

namespace engine::rpc {

/// What a client receives. Views into the line (or into the Message). Meant to be reused.
struct Message {
  enum class Kind : std::uint8_t { result, error, notification };
  Kind kind = Kind::result;
  std::string_view id = "null";    ///< of a response, JSON text
  std::string_view result = {};    ///< JSON text
  Error error = {};                ///< of an error response; `info` is `data.info`
  int number = 0;                  ///< JSON-RPC code of an error response
  std::string_view method = {};    ///< of a notification
  std::string_view params = "{}";  ///< of a notification

  Envelopes envelopes;   ///< scratch space of the decoder
  std::string unquoted;  ///< holds `method` when it was written with escapes
};

/// Decodes one line from a server: a response (an `id`, exactly one of result and error) or a
/// notification (a `method`, no `id`).
///
/// The kind of an error is `data.kind` where the server names one we know, else made from the
/// number; `message` is `data.details`, a string `data`, or the label.
///
/// ERRORS: Errc::deserialization: the line is neither.
Result<> decode_message(std::string_view line, Message& out);

}  // namespace engine::rpc
