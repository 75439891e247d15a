#pragma once

#include "client/client.hh"

#include <string>

namespace engine::client {

/// A request as JSON, up to what changes from attempt to attempt; `end_request` completes it.
std::string begin_request(std::uint64_t id,
                          std::string_view method,
                          std::string_view params,
                          const CallOptions& options,
                          std::string_view default_locale);
/// Appends `deadline_ms` and the end.
void end_request(std::string& line, Milliseconds left);

}  // namespace engine::client
