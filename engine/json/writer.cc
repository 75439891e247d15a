#include "json/writer.hh"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace engine::json {
namespace {

/// Length of the valid UTF-8 sequence at the start of `text`, 0 if there is none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  std::size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xbf;
  if (lead >= 0xc2 && lead <= 0xdf) {
    length = 2;
  } else if (lead >= 0xe0 && lead <= 0xef) {
    length = 3;
    if (lead == 0xe0) low = 0xa0;
    if (lead == 0xed) high = 0x9f;
  } else if (lead >= 0xf0 && lead <= 0xf4) {
    length = 4;
    if (lead == 0xf0) low = 0x90;
    if (lead == 0xf4) high = 0x8f;
  }
  if (length == 0 || text.size() < length || byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return 0;
  }
  return length;
}

void append_escape(std::string& out, unsigned char byte) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  switch (byte) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    default:
      out += "\\u00";
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
  }
}

constexpr std::array<bool, 256> plain_bytes() {
  std::array<bool, 256> plain{};
  for (std::size_t i = 0x20; i < 0x80; ++i)
    plain[i] = i != '"' && i != '\\';
  return plain;
}
constexpr auto kPlain = plain_bytes();

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

/// Appends `text` quoted; returns false if some of it was not UTF-8 (replaced by U+FFFD).
bool append_quoted(std::string& out, std::string_view text) {
  bool valid = true;
  out += '"';
  while (!text.empty()) {
    std::size_t run = 0;
    while (run < text.size() && kPlain[static_cast<unsigned char>(text[run])])
      ++run;
    out.append(text.substr(0, run));
    text.remove_prefix(run);
    if (text.empty()) break;
    const auto byte = static_cast<unsigned char>(text[0]);
    std::size_t length = 1;
    if (byte < 0x80) {
      append_escape(out, byte);
    } else if (length = sequence_length(text); length != 0) {
      out.append(text.substr(0, length));
    } else {
      out += kReplacement;
      length = 1;
      valid = false;
    }
    text.remove_prefix(length);
  }
  out += '"';
  return valid;
}

void append_real(std::string& out, double value) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  const std::string_view text(digits.data(), static_cast<std::size_t>(end - digits.data()));
  out += text;
  if (text.find_first_of(".e") == std::string_view::npos) out += ".0";
}

template <typename Integer>
void append_integer(std::string& out, Integer value) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

void write_indented(std::string& out, const Value& value, std::size_t depth) {
  const auto line = [&](std::size_t level) {
    out += '\n';
    out.append(level * 2, ' ');
  };
  bool first = true;
  if (const Object* members = value.object(); members != nullptr && !members->empty()) {
    out += '{';
    for (const auto& [key, member] : *members) {
      if (!first) out += ',';
      first = false;
      line(depth + 1);
      append_quoted(out, key);
      out += ": ";
      write_indented(out, member, depth + 1);
    }
    line(depth);
    out += '}';
  } else if (const Array* elements = value.array(); elements != nullptr && !elements->empty()) {
    out += '[';
    for (const Value& element : *elements) {
      if (!first) out += ',';
      first = false;
      line(depth + 1);
      write_indented(out, element, depth + 1);
    }
    line(depth);
    out += ']';
  } else {
    Writer(out).value(value);
  }
}

}  // namespace

void Writer::separate() {
  if (need_comma_) out_ += ',';
  need_comma_ = true;
}

void Writer::null() {
  separate();
  out_ += "null";
}

void Writer::boolean(bool value) {
  separate();
  out_ += value ? "true" : "false";
}

void Writer::integer(std::int64_t value) {
  separate();
  append_integer(out_, value);
}

void Writer::unsigned_integer(std::uint64_t value) {
  separate();
  append_integer(out_, value);
}

void Writer::real(double value) {
  separate();
  if (std::isfinite(value)) {
    append_real(out_, value);
  } else {
    out_ += "null";
    bad_number_ = true;
  }
}

void Writer::string(std::string_view value) {
  separate();
  if (!append_quoted(out_, value)) bad_text_ = true;
}

void Writer::key(std::string_view value) {
  string(value);
  out_ += ':';
  need_comma_ = false;
}

void Writer::start_object() {
  separate();
  out_ += '{';
  need_comma_ = false;
}

void Writer::end_object() {
  out_ += '}';
  need_comma_ = true;
}

void Writer::start_array() {
  separate();
  out_ += '[';
  need_comma_ = false;
}

void Writer::end_array() {
  out_ += ']';
  need_comma_ = true;
}

void Writer::raw(std::string_view text) {
  separate();
  out_ += text;
}

void Writer::value(const Value& value) {
  if (const bool* flag = value.boolean()) {
    boolean(*flag);
  } else if (const auto* number = value.integer()) {
    integer(*number);
  } else if (const auto* large = value.unsigned_integer()) {
    unsigned_integer(*large);
  } else if (const double* fraction = value.real()) {
    real(*fraction);
  } else if (const std::string* text = value.string()) {
    string(*text);
  } else if (const Array* elements = value.array()) {
    start_array();
    for (const Value& element : *elements)
      this->value(element);
    end_array();
  } else if (const Object* members = value.object()) {
    start_object();
    for (const auto& [name, member] : *members) {
      key(name);
      this->value(member);
    }
    end_object();
  } else {
    null();
  }
}

Result<> Writer::finish() {
  if (bad_text_) return fail(Errc::utf8, "a string is not valid UTF-8");
  if (bad_number_) return fail(Errc::serialization, "a number is not finite");
  return {};
}

std::string write(const Value& value) {
  std::string out;
  Writer(out).value(value);
  return out;
}

std::string write_pretty(const Value& value) {
  std::string out;
  write_indented(out, value, 0);
  return out;
}

std::string quote(std::string_view text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string to_utf8(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    out += length == 0 ? kReplacement : text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

}  // namespace engine::json
