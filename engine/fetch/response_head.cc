#include "fetch/response_head.hh"

#include <algorithm>
#include <charconv>

namespace engine::fetch {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool is_named(std::string_view name, std::string_view lower_case) {
  return std::ranges::equal(name, lower_case, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

/// Whole and decimal, below 2^64; nothing else.
std::optional<std::uint64_t> parse_decimal(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<ContentRange> parse_content_range(std::string_view text) {
  constexpr std::string_view kUnit = "bytes ";
  const auto dash = text.find('-');
  const auto slash = text.find('/');
  if (!text.starts_with(kUnit) || dash == std::string_view::npos ||
      slash == std::string_view::npos || slash < dash) {
    return std::nullopt;
  }
  const auto first = parse_decimal(text.substr(kUnit.size(), dash - kUnit.size()));
  const auto last = parse_decimal(text.substr(dash + 1, slash - dash - 1));
  const auto total_text = text.substr(slash + 1);
  const auto total = parse_decimal(total_text);
  if (!first || !last || *first > *last || (!total && total_text != "*")) return std::nullopt;
  return ContentRange{.first = *first, .last = *last, .total = total};
}

void ResponseHead::take_line(std::string_view line) {
  if (line.starts_with("HTTP/")) {
    *this = {};
    const auto space = line.find(' ');
    if (space != std::string_view::npos) {
      status = static_cast<long>(parse_decimal(line.substr(space + 1, 3)).value_or(0));
    }
    return;
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (is_named(name, "content-length")) length = parse_decimal(value);
  if (is_named(name, "content-range")) range = parse_content_range(value);
  if (is_named(name, "content-encoding")) encoded = value != "identity";
  if (is_named(name, "etag")) etag = value;
  if (is_named(name, "last-modified")) last_modified = value;
}

}  // namespace engine::fetch
