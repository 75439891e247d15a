#pragma once

#include "base/result.hh"
#include "json/value.hh"

#include <cstdint>
#include <string>
#include <string_view>

namespace engine::json {

/// Appends one document, event by event, to a string. Commas and colons come by themselves.
///
/// REQUIRES: events that nest properly, a key before each member; breaking this is a bug.
/// Text must be valid UTF-8 and numbers finite: `finish` reports the first that is not.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void null();
  void boolean(bool value);
  void integer(std::int64_t value);
  void unsigned_integer(std::uint64_t value);
  void real(double value);
  void string(std::string_view value);
  void key(std::string_view value);
  void start_object();
  void end_object();
  void start_array();
  void end_array();
  /// Appends `text`, which must be one valid document, as it is.
  void raw(std::string_view text);
  void value(const Value& value);

  /// ERRORS: Errc::utf8, Errc::serialization; the output is then unusable.
  Result<> finish();

 private:
  void separate();

  std::string& out_;
  bool need_comma_ = false;
  bool bad_text_ = false;
  bool bad_number_ = false;
};

/// The whole value as compact text. Invalid UTF-8 inside is replaced by U+FFFD.
std::string write(const Value& value);
/// Two spaces of indentation.
std::string write_pretty(const Value& value);
/// The text of a JSON string literal with its quotes.
std::string quote(std::string_view text);

/// Whether `text` is valid UTF-8 (no surrogates, no overlong forms, at most U+10FFFF).
bool is_utf8(std::string_view text);
/// The text, every byte that is not of valid UTF-8 replaced by U+FFFD.
std::string to_utf8(std::string_view text);

}  // namespace engine::json
