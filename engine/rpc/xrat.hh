#pragma once

#include "rpc/answer.hh"
#include "rpc/request.hh"

#include <cstdint>
#include <string>
#include <string_view>

namespace engine::rpc {

/// Versions of the supervisor's envelope that are spoken.
inline constexpr std::int64_t kLowestXrat = 1;
inline constexpr std::int64_t kHighestXrat = 1;

/// The highest version that is spoken here and lies between `lowest` and `highest`, which a client
/// speaks.
///
/// ERRORS: Errc::protocol_unsupported with {min, max}; Errc::invalid_params where `lowest` is above
/// `highest`.
Result<std::int64_t> choose_protocol(std::int64_t lowest, std::int64_t highest);

/// Decodes the supervisor's envelope: `request` typed (xrat itself), or flat with `method`.
///
/// ERRORS: Errc::protocol_unsupported with {min, max}; Errc::invalid_request.
Result<> read_xrat(const Envelope& envelope, Incoming& out);

// Each appends one document: {protocol_version, id?, ok, code, message, payload | error,
// warnings?}. `id` is there in the flat form only.
void encode_xrat_result(std::string& out, const AnswerForm& form, std::string_view result);
void encode_xrat_error(std::string& out, const AnswerForm& form, const Error& error);

/// The notification `line` of this daemon (docs/rpc.md, events) as the supervisor's push:
/// {protocol_version, sub, seq, event | lagged | end} (REQ-11). Empty for any other line.
std::string xrat_push(std::string_view line);

}  // namespace engine::rpc
