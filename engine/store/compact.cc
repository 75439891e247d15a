#include "store/compact.hh"

#include "json/writer.hh"

namespace engine::store {
namespace {

/// Bytes of the string literal at the start of `text`.
std::size_t string_length(std::string_view text) {
  std::size_t at = 1;
  while (at < text.size() && text[at] != '"')
    at += text[at] == '\\' ? 2 : 1;
  return at + 1;
}

/// Bytes of the value at the start of `text`.
std::size_t value_length(std::string_view text) {
  std::size_t depth = 0;
  for (std::size_t at = 0; at < text.size();) {
    const char letter = text[at];
    if (letter == '"') {
      at += string_length(text.substr(at));
      if (depth == 0) return at;
      continue;
    }
    const bool closes = letter == '}' || letter == ']';
    if (depth == 0 && (closes || letter == ',')) return at;
    if (letter == '{' || letter == '[') ++depth;
    if (closes && --depth == 0) return at + 1;
    ++at;
  }
  return text.size();
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
