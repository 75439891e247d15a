#include "store/compact.hh"

#include "json/writer.hh"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <algorithm>
#include <bit>
#include <cstring>

namespace engine::store {
namespace {

/// The first place from `at` on where one of the bytes stands that `Is` looks for, or the end.
///
/// Is::any tells of 16 bytes at once, one bit each; Is::one of a single byte.
template <typename Is>
std::size_t find_first(std::string_view text, std::size_t at) {
#if defined(__SSE2__)
  for (; at + 16 <= text.size(); at += 16) {
    __m128i block;
    std::memcpy(&block, text.data() + at, sizeof block);
    if (const unsigned hits = Is::any(block); hits != 0) {
      return at + static_cast<std::size_t>(std::countr_zero(hits));
    }
  }
#endif
  while (at < text.size() && !Is::one(text[at]))
    ++at;
  return at;
}

struct QuoteOrEscape {
  static bool one(char letter) { return letter == '"' || letter == '\\'; }
#if defined(__SSE2__)
  static unsigned any(__m128i block) {
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(
        _mm_cmpeq_epi8(block, _mm_set1_epi8('"')), _mm_cmpeq_epi8(block, _mm_set1_epi8('\\')))));
  }
#endif
};

/// With bit 0x20 set, `[` is `{` and `]` is `}`.
struct QuoteOrBracket {
  static bool one(char letter) {
    return letter == '"' || letter == '{' || letter == '}' || letter == '[' || letter == ']';
  }
#if defined(__SSE2__)
  static unsigned any(__m128i block) {
    const __m128i folded = _mm_or_si128(block, _mm_set1_epi8(0x20));
    return static_cast<unsigned>(
        _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')),
                                       _mm_or_si128(_mm_cmpeq_epi8(folded, _mm_set1_epi8('{')),
                                                    _mm_cmpeq_epi8(folded, _mm_set1_epi8('}'))))));
  }
#endif
};

/// Bytes of the string literal at the start of `text`.
std::size_t string_length(std::string_view text) {
  std::size_t at = find_first<QuoteOrEscape>(text, 1);
  while (at < text.size() && text[at] == '\\')
    at = find_first<QuoteOrEscape>(text, at + 2);
  return at + 1;
}

/// Bytes of the object or array at the start of `text`.
std::size_t container_length(std::string_view text) {
  std::size_t depth = 1;
  std::size_t at = 1;
  while (depth > 0 && (at = find_first<QuoteOrBracket>(text, at)) < text.size()) {
    if (text[at] == '"') {
      at += string_length(text.substr(at));
      continue;
    }
    if (text[at] == '}' || text[at] == ']') {
      --depth;
    } else {
      ++depth;
    }
    ++at;
  }
  return at;
}

/// Bytes of the value at the start of `text`.
std::size_t value_length(std::string_view text) {
  if (text.starts_with('"')) return string_length(text);
  if (text.starts_with('{') || text.starts_with('[')) return container_length(text);
  return std::min(text.find_first_of(",}]"), text.size());
}

/// Walks over the children of a container's text; `visit(name, value)` returns false to stop.
template <typename Visit>
void each_child(std::string_view text, Visit visit) {
  const bool object = text[0] == '{';
  text.remove_prefix(1);
  while (text.size() > 1) {
    std::string_view name;
    if (object) {
      name = text.substr(0, string_length(text));
      text.remove_prefix(name.size() + 1);
    }
    const std::string_view value = text.substr(0, value_length(text));
    if (!visit(name, value)) return;
    text.remove_prefix(value.size());
    if (text.starts_with(',')) text.remove_prefix(1);
  }
}

bool fill(const json::Value& value, json::Writer& out, std::string& text, std::size_t limit) {
  if (text.size() > limit) return false;
  if (const json::Array* elements = value.array()) {
    out.start_array();
    for (const json::Value& element : *elements)
      if (!fill(element, out, text, limit)) return false;
    out.end_array();
  } else if (const json::Object* members = value.object()) {
    out.start_object();
    for (const auto& [name, member] : *members) {
      out.key(name);
      if (!fill(member, out, text, limit)) return false;
    }
    out.end_object();
  } else {
    out.value(value);
  }
  return text.size() <= limit;
}

}  // namespace

std::optional<std::string_view> member_of(std::string_view object, std::string_view name) {
  const std::string wanted = json::quote(name);
  std::optional<std::string_view> found;
  each_child(object, [&](std::string_view quoted, std::string_view value) {
    if (quoted != wanted) return true;
    found = value;
    return false;
  });
  return found;
}

std::optional<std::string_view> element_of(std::string_view array, std::size_t index) {
  std::optional<std::string_view> found;
  each_child(array, [&](std::string_view, std::string_view value) {
    if (index-- > 0) return true;
    found = value;
    return false;
  });
  return found;
}

std::size_t children_of(std::string_view container) {
  std::size_t count = 0;
  each_child(container, [&](std::string_view, std::string_view) {
    ++count;
    return true;
  });
  return count;
}

void each_name(std::string_view object, const std::function<void(std::string_view)>& visit) {
  each_child(object, [&](std::string_view name, std::string_view) {
    visit(name);
    return true;
  });
}

std::optional<std::string> compact_text(const json::Value& value, std::size_t limit) {
  std::string text;
  json::Writer out(text);
  if (!fill(value, out, text, limit)) return std::nullopt;
  return text;
}

}  // namespace engine::store
