#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace engine::fetch {

/// `Content-Range: bytes FIRST-LAST/TOTAL`; both ends are included.
struct ContentRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::optional<std::uint64_t> total = std::nullopt;  ///< nothing for "*"
  bool operator==(const ContentRange&) const = default;
};

/// Nothing if `text` is not the value of a Content-Range with a range of bytes.
std::optional<ContentRange> parse_content_range(std::string_view text);

/// What the header lines of a response say, as far as reading byte ranges needs it.
struct ResponseHead {
  long status = 0;
  std::optional<std::uint64_t> length = std::nullopt;
  std::optional<ContentRange> range = std::nullopt;
  bool encoded = false;  ///< the body is not the bytes of the file
  std::string etag = {};
  std::string last_modified = {};

  /// Takes one header line without its end. A status line begins a new head: of the answer after a
  /// redirect, for instance.
  void take_line(std::string_view line);
};

}  // namespace engine::fetch
