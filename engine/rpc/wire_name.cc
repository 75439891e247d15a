#include "rpc/wire_name.hh"

#include <fmt/format.h>

#include <charconv>

namespace engine::rpc {

std::optional<WireName> parse_wire_name(std::string_view text) {
  WireName wire;
  if (text.starts_with("query:")) {
    wire.query = true;
    text.remove_prefix(6);
  } else if (text.starts_with("action:")) {
    text.remove_prefix(7);
  } else {
    return std::nullopt;
  }
  if (const std::size_t dot = text.rfind(".v"); dot != std::string_view::npos) {
    const char* end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data() + dot + 2, end, wire.version);
    if (problem == std::errc() && stop == end && wire.version > 0) {
      text = text.substr(0, dot);
    } else {
      wire.version = 0;
    }
  }
  if (!wire.query && text.ends_with(".input")) text.remove_suffix(6);
  wire.name = text;
  return wire;
}

std::string wire_name(std::string_view method, bool query, std::int64_t version) {
  const std::string suffix = fmt::format("-v{}", version);
  if (method.ends_with(suffix)) method.remove_suffix(suffix.size());
  return query ? fmt::format("query:{}.v{}", method, version)
               : fmt::format("action:{}.input.v{}", method, version);
}

}  // namespace engine::rpc
