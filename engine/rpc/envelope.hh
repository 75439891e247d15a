#pragma once

#include "json/reader.hh"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace engine::rpc {

/// The members of an envelope that mean something to some protocol; all others are skipped.
enum class Member : std::uint8_t {
  method,
  params,
  id,
  result,
  error,
  jsonrpc,
  protocol_version,
  request,
  locale,
  deadline_ms,
  idempotency_key,
  trace,
  instance,
  allow_latest,
  count_
};

enum class Kind : std::uint8_t { absent, null, boolean, number, string, object, array };

/// Where a member's value lies in the line. A view: lives as long as the line.
struct Slice {
  Kind kind = Kind::absent;
  std::string_view text = {};  ///< the value as written, without white space around it
};

/// The top-level members of one object, found without building a tree. A member that occurs twice
/// counts as the last one.
struct Envelope {
  std::array<Slice, static_cast<std::size_t>(Member::count_)> members = {};
  bool is_object = false;
  std::size_t size = 0;     ///< members in all, unknown ones included
  bool options = false;     ///< there is a member after `request` of that list
  bool spacedrive = false;  ///< the only member so far is one of Spacedrive's tags
  [[nodiscard]] const Slice& operator[](Member member) const {
    return members[static_cast<std::size_t>(member)];
  }
};

/// What one line holds. Meant to be reused: vectors keep their capacity.
struct Envelopes {
  Kind root = Kind::absent;
  std::vector<Envelope> items;  ///< the root object, or the elements of the root array
};

/// One pass over `line`: checks JSON syntax, UTF-8 and depth, and slices the envelopes out.
/// Elements of a root array that are not objects appear with `is_object` false.
///
/// ERRORS: Errc::parse_error, Errc::request_too_large (nesting).
Result<> slice_envelopes(std::string_view line, std::size_t max_depth, Envelopes& out);

/// The text of a JSON string given as written in valid JSON. `storage` holds the result when the
/// string has escapes; otherwise the view points into `text`.
std::string_view unquote(std::string_view text, std::string& storage);

}  // namespace engine::rpc
