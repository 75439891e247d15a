#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace engine::http {

/// One header line of a request. The name is in lower case, the value without blanks around it.
struct Header {
  std::string_view name;
  std::string_view value;
};

/// A request as its handler sees it. A view: valid during the call it is passed to.
struct Request {
  std::string_view method;                      ///< as sent: "POST"
  std::string_view target;                      ///< as sent
  std::string_view path;                        ///< of the target, not decoded; "*" for OPTIONS *
  std::string_view query;                       ///< behind the first '?'; not decoded
  std::string_view body;                        ///< empty when it is streamed
  std::span<const Header> headers;              ///< in the order sent
  std::optional<std::uint64_t> content_length;  ///< absent without a body, and with a chunked one
  bool keep_alive = true;                       ///< the client wants to go on after the answer
  bool has_body = false;

  /// The first header of this (lower-case) name; empty when there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

/// What is sent back. `Content-Length`, `Connection` and `Content-Type` are written by the session;
/// any other header stands in `headers`, its name in title case by convention.
struct Response {
  unsigned status = 200;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string content_type = "application/json";  ///< empty: none is sent
  std::string body = {};
  /// Further header lines as they are on the wire, each with its CRLF. Of static storage: what many
  /// answers have in common costs one copy.
  std::string_view fixed_headers = {};

  /// A short answer in plain text, ended with a line feed.
  static Response text(unsigned status, std::string_view body);
};

/// The standard's words for a status ("Not Found"); "Unknown" for one it does not have.
std::string_view reason_phrase(unsigned status);

}  // namespace engine::http
