#pragma once

#include "base/result.hh"
#include "json/value.hh"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace engine::json {

/// Nesting accepted from a peer unless a setting says otherwise (design, settled point 3).
inline constexpr std::size_t kMaxDepth = 192;

/// Receives the events of one document, in order. Strings are views that die with the call.
/// Returning false stops the parse with Errc::cancelled.
class Handler {
 public:
  virtual ~Handler() = default;
  virtual bool on_null() = 0;
  virtual bool on_boolean(bool value) = 0;
  virtual bool on_integer(std::int64_t value) = 0;
  /// Only for integers above the int64 range.
  virtual bool on_unsigned(std::uint64_t value) = 0;
  virtual bool on_real(double value) = 0;
  virtual bool on_string(std::string_view value) = 0;
  virtual bool on_start_object() = 0;
  virtual bool on_key(std::string_view key) = 0;
  virtual bool on_end_object() = 0;
  virtual bool on_start_array() = 0;
  virtual bool on_end_array() = 0;

  /// Bytes of the text consumed when the current event was raised: just past the token.
  [[nodiscard]] std::size_t offset() const { return offset_; }

 private:
  friend struct HandlerAccess;
  std::size_t offset_ = 0;
};

/// Reads one document from `text`, which must hold nothing else but white space around it.
///
/// ERRORS: Errc::parse_error with the byte offset; Errc::request_too_large when nested deeper than
/// `max_depth`; Errc::cancelled when the handler stopped.
Result<> parse(std::string_view text, Handler& handler, std::size_t max_depth = kMaxDepth);

/// The same into a tree. A key that occurs twice keeps its last value.
Result<Value> parse(std::string_view text, std::size_t max_depth = kMaxDepth);

}  // namespace engine::json
