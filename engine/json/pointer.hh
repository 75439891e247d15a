#pragma once

#include "base/result.hh"
#include "json/value.hh"

#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace engine::json {

/// A JSON pointer (RFC 6901, text form, strict). Immutable value type: compares and orders by its
/// decoded tokens.
class Pointer {
 public:
  static constexpr std::size_t kMaxDepth = 128;
  static constexpr std::size_t kMaxBytes = 64UL << 10U;

  /// The whole document.
  Pointer() = default;

  /// ERRORS: Errc::invalid_params for a missing leading slash, `~` without 0 or 1, invalid UTF-8,
  /// more than kMaxDepth tokens or kMaxBytes bytes.
  static Result<Pointer> parse(std::string_view text);
  /// The pointer whose decoded tokens are these. ERRORS: as `parse`.
  static Result<Pointer> from_tokens(std::vector<std::string> tokens);

  [[nodiscard]] const std::vector<std::string>& tokens() const { return tokens_; }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] bool is_root() const { return tokens_.empty(); }
  [[nodiscard]] std::size_t depth() const { return tokens_.size(); }
  /// The last token. REQUIRES: not the root.
  [[nodiscard]] const std::string& last() const { return tokens_.back(); }

  /// One token more. Limits are not checked here: documents that obey them give pointers that do.
  [[nodiscard]] Pointer child(std::string_view token) const;
  [[nodiscard]] Pointer child(std::size_t index) const;
  /// One token less; the root is its own parent.
  [[nodiscard]] Pointer parent() const;
  /// Without the first `count` tokens. REQUIRES: count <= depth().
  [[nodiscard]] Pointer without_front(std::size_t count) const;
  /// Whether `prefix` names the same place or one above it.
  [[nodiscard]] bool starts_with(const Pointer& prefix) const;

  bool operator==(const Pointer& other) const { return tokens_ == other.tokens_; }
  auto operator<=>(const Pointer& other) const { return tokens_ <=> other.tokens_; }

 private:
  void append(std::string_view token);

  std::vector<std::string> tokens_;
  std::string text_;
};

/// `token` as an array index by the exact pattern `0|[1-9][0-9]*`; nothing if it is none or does
/// not fit.
std::optional<std::size_t> array_index(std::string_view token);

/// What `pointer` names in `document`, or null if it names nothing (also `-` at an array).
///
/// ERRORS: Errc::invalid_params for a token that is no index at an array.
Result<const Value*> resolve(const Value& document, const Pointer& pointer);

}  // namespace engine::json
