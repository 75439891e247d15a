#include "client/request_line.hh"

#include "json/writer.hh"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>

namespace engine::client {

std::string begin_request(std::uint64_t id,
                          std::string_view method,
                          std::string_view params,
                          const CallOptions& options,
                          std::string_view default_locale) {
  std::string line;
  json::Writer writer(line);
  const auto member = [&writer](std::string_view key, std::string_view value) {
    if (value.empty()) return;
    writer.key(key);
    writer.string(value);
  };
  writer.start_object();
  member("jsonrpc", "2.0");
  member("method", method);
  writer.key("params");
  writer.raw(params);
  member("locale", options.locale.empty() ? default_locale : options.locale);
  member("trace", options.trace);
  member("idempotency_key", options.idempotency_key);
  writer.key("id");
  writer.unsigned_integer(id);
  return line;
}

void end_request(std::string& line, Milliseconds left) {
  constexpr Milliseconds::rep kMost = std::numeric_limits<std::uint32_t>::max();
  fmt::format_to(std::back_inserter(line),
                 R"(,"deadline_ms":{}}})",
                 std::clamp<Milliseconds::rep>(left.count(), 1, kMost));
}

}  // namespace engine::client
