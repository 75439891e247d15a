#include "json/pointer.hh"

#include "json/writer.hh"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace engine::json {
namespace {

tl::unexpected<Error> bad_pointer(std::string_view text, std::string_view reason) {
  return fail(Error{.code = Errc::invalid_params,
                    .message = fmt::format("not a JSON pointer: {} ({})", quote(text), reason),
                    .hint = "a pointer is empty or looks like /a/b; write ~0 for ~ and ~1 for /"});
}

/// Decodes one token; nothing if a `~` stands without 0 or 1.
std::optional<std::string> decode(std::string_view raw) {
  std::string token;
  token.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '~') {
      token += raw[i];
      continue;
    }
    if (++i == raw.size() || (raw[i] != '0' && raw[i] != '1')) return std::nullopt;
    token += raw[i] == '0' ? '~' : '/';
  }
  return token;
}

}  // namespace

Result<Pointer> Pointer::parse(std::string_view text) {
  if (text.size() > kMaxBytes) return bad_pointer(text.substr(0, 32), "longer than 64 KiB");
  if (!is_utf8(text)) return bad_pointer(text, "not UTF-8");
  Pointer pointer;
  if (text.empty()) return pointer;
  if (text[0] != '/') return bad_pointer(text, "it must start with /");
  for (std::size_t start = 1; start <= text.size();) {
    const std::size_t slash = std::min(text.find('/', start), text.size());
    auto token = decode(text.substr(start, slash - start));
    if (!token) return bad_pointer(text, "~ must be followed by 0 or 1");
    pointer.tokens_.push_back(std::move(*token));
    start = slash + 1;
  }
  if (pointer.depth() > kMaxDepth) return bad_pointer(text.substr(0, 32), "more than 128 tokens");
  pointer.text_ = text;
  return pointer;
}

Result<Pointer> Pointer::from_tokens(std::vector<std::string> tokens) {
  Pointer pointer;
  for (const std::string& token : tokens)
    pointer.append(token);
  const std::string_view text = pointer.text_;
  if (text.size() > kMaxBytes) return bad_pointer(text.substr(0, 32), "longer than 64 KiB");
  if (!is_utf8(text)) return bad_pointer(text, "not UTF-8");
  if (tokens.size() > kMaxDepth) return bad_pointer(text.substr(0, 32), "more than 128 tokens");
  return pointer;
}

void Pointer::append(std::string_view token) {
  text_ += '/';
  for (const char letter : token) {
    if (letter == '~') {
      text_ += "~0";
    } else if (letter == '/') {
      text_ += "~1";
    } else {
      text_ += letter;
    }
  }
  tokens_.emplace_back(token);
}

Pointer Pointer::child(std::string_view token) const {
  Pointer result = *this;
  result.append(token);
  return result;
}

Pointer Pointer::child(std::size_t index) const {
  return child(std::string_view(fmt::to_string(index)));
}

Pointer Pointer::parent() const {
  Pointer result;
  if (is_root()) return result;
  result.tokens_.assign(tokens_.begin(), tokens_.end() - 1);
  result.text_ = text_.substr(0, text_.rfind('/'));
  return result;
}

Pointer Pointer::without_front(std::size_t count) const {
  Pointer result;
  for (std::size_t i = count; i < tokens_.size(); ++i)
    result.append(tokens_[i]);
  return result;
}

bool Pointer::starts_with(const Pointer& prefix) const {
  return prefix.depth() <= depth() &&
         std::equal(prefix.tokens_.begin(), prefix.tokens_.end(), tokens_.begin());
}

std::optional<std::size_t> array_index(std::string_view token) {
  if (token.empty() || (token.size() > 1 && token[0] == '0')) return std::nullopt;
  if (token[0] < '0' || token[0] > '9') return std::nullopt;
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  if (error != std::errc() || end != token.data() + token.size()) return std::nullopt;
  return index;
}

Result<const Value*> resolve(const Value& document, const Pointer& pointer) {
  const Value* at = &document;
  for (const std::string& token : pointer.tokens()) {
    if (const Array* elements = at->array()) {
      const auto index = array_index(token);
      if (!index && token != "-") return bad_pointer(pointer.text(), "not an array index");
      if (!index || *index >= elements->size()) return nullptr;
      at = &(*elements)[*index];
    } else if (at = at->find(token); at == nullptr) {
      return nullptr;
    }
  }
  return at;
}

}  // namespace engine::json
