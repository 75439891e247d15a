#pragma once

#include "base/result.hh"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace engine::rpc {

/// What the error object says besides the Error itself. Views.
struct ErrorText {
  std::string_view label = {};           ///< localised label; empty: the English one
  std::string_view correlation_id = {};  ///< finds the traceback in the log
};

/// When to come back to a server that is busy, in milliseconds: `retryAfterMs` of the error's info,
/// a second where it says nothing; nullopt for errors that waiting does not mend.
std::optional<std::int64_t> retry_after_ms(const Error& error);

// All of these append one document without a line end. `id` and `result` are JSON text, valid and
// on one line; so is `Error::info` where set.

/// {"jsonrpc":"2.0","result":…,"id":…}
void encode_result(std::string& out, std::string_view id, std::string_view result);

/// {"jsonrpc":"2.0","error":{code,message,data:{kind,details,hint?,info?,correlationId?}},"id":…}.
/// `info` of what is busy has `retryAfterMs`. `Error::debug` never leaves the process. A
/// method_not_found without a message has no data.
void encode_error(std::string& out,
                  std::string_view id,
                  const Error& error,
                  const ErrorText& text = {});

/// A call (`id` not empty) or a notification.
void encode_request(std::string& out,
                    std::string_view method,
                    std::string_view params,
                    std::string_view id = {});

}  // namespace engine::rpc
