#pragma once

#include "rpc/answer.hh"
#include "rpc/request.hh"

#include <string>
#include <string_view>

namespace engine::rpc {

/// Decodes Spacedrive's externally tagged requests: a bare string, or one tag with its fields.
///
/// ERRORS: Errc::invalid_request; Errc::deserialization for a payload that is not JSON.
Result<> read_spacedrive(std::string_view line, Incoming& out);

void encode_spacedrive_result(std::string& out, const AnswerForm& form, std::string_view result);
void encode_spacedrive_error(std::string& out, const Error& error);

/// The notification `line` of this daemon (docs/rpc.md, events) as Spacedrive's line for it:
/// {"Event":…}, or {"LogMessage":…} for an entry of the log. Empty for any other line.
std::string spacedrive_push(std::string_view line);

}  // namespace engine::rpc
