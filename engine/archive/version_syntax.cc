#include "archive/version_syntax.hh"

#include <algorithm>
#include <array>
#include <cstddef>

namespace engine::archive {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_segment_char(char c) {
  return is_digit(c) || is_lower(c) || (c >= 'A' && c <= 'Z') || c == '-';
}
bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/// Recognises the grammar of versions and ranges: ordered choice, first match wins. Every rule
/// either moves `at_` past what it matched and returns true, or leaves it alone. Scripts read the
/// same grammar, within the same limits: scripts/lib/exver/parse.lua.
class Recogniser {
 public:
  explicit Recogniser(std::string_view text) : text_(text) {}

  bool plain() {
    const std::size_t start = at_;
    bool good = number();
    while (good && literal("."))
      good = number();
    if (good && literal("-")) {
      do {
        good = segment();
      } while (good && literal("."));
    }
    return good || back(start);
  }

  bool extended() { return spec(true); }

  bool range() {
    if (!atom()) return false;
    while (true) {
      const std::size_t start = at_;
      space();
      if (literal("||") || literal("&&")) space();
      if (atom()) continue;
      at_ = start;
      return true;
    }
  }

  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }

 private:
  static constexpr unsigned kMaxNesting = 64;
  static constexpr unsigned kMaxSteps = 2000;

  bool back(std::size_t to) {
    at_ = to;
    return false;
  }

  bool literal(std::string_view wanted) {
    if (!text_.substr(at_).starts_with(wanted)) return false;
    at_ += wanted.size();
    return true;
  }

  template <typename Is>
  std::string_view span(Is is) {
    const std::size_t start = at_;
    while (at_ < text_.size() && is(text_[at_]))
      ++at_;
    return text_.substr(start, at_ - start);
  }

  void space() { span(is_space); }

  bool number() {
    // Leading zeros are allowed; the value must fit 64 bits.
    std::string_view digits = span(is_digit);
    if (digits.empty()) return false;
    digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
    constexpr std::string_view kLargest = "18446744073709551615";
    return digits.size() < kLargest.size() ||
           (digits.size() == kLargest.size() && digits <= kLargest);
  }

  bool segment() {
    const std::string_view found = span(is_segment_char);
    if (found.empty()) return false;
    const bool numeric = std::ranges::all_of(found, is_digit);
    return !numeric || found == "0" || found[0] != '0';
  }

  bool spec(bool downstream_needed) {
    const std::size_t start = at_;
    if (literal("#")) {
      span(is_lower);
      if (!literal(":")) return back(start);
    }
    if (!plain()) return back(start);
    const std::size_t upstream_end = at_;
    if (literal(":") && plain()) return true;
    at_ = upstream_end;
    return !downstream_needed || back(start);
  }

  bool anchor() {
    static constexpr std::array<std::string_view, 8> kOperators = {
        ">=", "<=", ">", "<", "=", "!=", "^", "~"};
    const std::size_t start = at_;
    for (std::string_view op : kOperators) {
      if (literal(op)) {
        space();
        break;
      }
    }
    return spec(false) || back(start);
  }

  bool deeper(bool (Recogniser::*rule)()) {
    if (depth_ == kMaxNesting) return false;
    ++depth_;
    const bool found = (this->*rule)();
    --depth_;
    return found;
  }

  bool group() {
    const std::size_t start = at_;
    if (!literal("(")) return false;
    space();
    if (!deeper(&Recogniser::range)) return back(start);
    space();
    return literal(")") || back(start);
  }

  bool negation() {
    const std::size_t start = at_;
    if (!literal("!")) return false;
    space();
    return deeper(&Recogniser::atom) || back(start);
  }

  bool atom() {
    if (++steps_ > kMaxSteps) return false;
    if (group() || anchor() || negation() || literal("*") || literal("!")) return true;
    if (!literal("#")) return false;
    span(is_lower);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  unsigned depth_ = 0;
  unsigned steps_ = 0;
};

}  // namespace

bool is_plain_version(std::string_view text) {
  Recogniser recogniser(text);
  return recogniser.plain() && recogniser.at_end();
}

bool is_extended_version(std::string_view text) {
  Recogniser recogniser(text);
  return recogniser.extended() && recogniser.at_end();
}

bool is_version_range(std::string_view text) {
  Recogniser recogniser(text);
  return recogniser.range() && recogniser.at_end();
}

}  // namespace engine::archive
