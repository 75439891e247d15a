#pragma once

#include "http/message.hh"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace engine::http {

/// Why a request is not taken: its status, and one sentence for the sender.
struct Refusal {
  unsigned status = 0;  ///< 0: it is taken
  std::string_view text;
  [[nodiscard]] explicit operator bool() const { return status != 0; }
};

/// Finds the end of the header block in bytes that come piece by piece. Lines must end with CR LF,
/// and none may continue the one before it: both have been used to make two servers see different
/// requests.
class HeadScanner {
 public:
  /// Looks at what is new of `input`, which begins with the request and only grows. The size of the
  /// block, or 0 when its end is not there yet, or `refusal` is set.
  std::size_t scan(std::string_view input);
  [[nodiscard]] Refusal refusal() const { return refusal_; }
  void reset() { *this = {}; }

 private:
  std::size_t line_ = 0;      ///< where the current line begins
  std::size_t searched_ = 0;  ///< bytes known to hold no further line end
  Refusal refusal_;
};

/// The parsed header block of one request. Reused from request to request.
struct RequestHead {
  Request request;
  std::vector<Header> headers;
  unsigned version = 11;  ///< 10 or 11
  bool chunked = false;
  bool expects_continue = false;
  bool upgrades_websocket = false;

  /// Parses a whole block (as HeadScanner found it). Views point into `block`, in which header
  /// names are put into lower case.
  Refusal parse(std::span<char> block, std::size_t max_headers);

 private:
  Refusal split_target();
};

/// The parsed header block of a response, as a client of ours reads it.
struct ResponseHead {
  unsigned status = 0;
  std::vector<Header> headers;

  /// Parses a whole block (as HeadScanner found it), as RequestHead does. False when it is no HTTP.
  bool parse(std::span<char> block);
  /// The first header of this (lower-case) name; empty when there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};
/// Whether `value` is `lower` but for the case of its letters.
bool equals_ignoring_case(std::string_view value, std::string_view lower);

}  // namespace engine::http
