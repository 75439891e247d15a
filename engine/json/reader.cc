#include "json/reader.hh"

#include <fmt/format.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace engine::json {

struct HandlerAccess {
  static void set_offset(Handler& handler, std::size_t offset) { handler.offset_ = offset; }
};

namespace {

// Numbers come as text and are read by the standard library: RapidJSON's exact reading of them
// looks outside of its table of powers for some, such as 1.000000000000000003333357e-330.
constexpr unsigned kFlags = rapidjson::kParseNumbersAsStringsFlag;
constexpr unsigned kPlainFlags = kFlags | rapidjson::kParseInsituFlag;
constexpr unsigned kCheckedFlags = kFlags | rapidjson::kParseValidateEncodingFlag;

// Eight bytes at a time, as one word.
constexpr std::uint64_t kOnes = 0x0101010101010101;
constexpr std::uint64_t kHighs = 0x8080808080808080;

std::uint64_t load_word(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

/// The highest bit is set in the lowest byte that is `wanted`, and in none below it.
constexpr std::uint64_t find_byte(std::uint64_t word, char wanted) {
  const std::uint64_t zeros = word ^ (kOnes * static_cast<unsigned char>(wanted));
  return (zeros - kOnes) & ~zeros & kHighs;
}

/// Whether there are neither escapes nor bytes beyond ASCII: no string can be wrong UTF-8 then.
bool is_plain(std::string_view text) {
  constexpr std::size_t kWord = sizeof(std::uint64_t);
  const auto marks = [](std::uint64_t word) { return (word & kHighs) | find_byte(word, '\\'); };
  std::uint64_t found = 0;
  if (text.size() < kWord) {
    for (const char byte : text)
      found |= marks(static_cast<unsigned char>(byte));
    return found == 0;
  }
  const char* const last = text.data() + text.size() - kWord;
  for (const char* at = text.data(); at < last; at += kWord)
    found |= marks(load_word(at));
  return (found | marks(load_word(last))) == 0;
}

/// Where in a plain text a string that goes on at `at` ends: at a quotation mark, a control
/// character or `end`.
const char* string_end(const char* at, const char* end) {
  constexpr std::uint64_t kControls = kOnes * 0x20;
  const auto ends = [](char byte) {
    return byte == '"' || static_cast<unsigned char>(byte) < 0x20;
  };
  for (; end - at >= static_cast<std::ptrdiff_t>(sizeof kOnes); at += sizeof kOnes) {
    const std::uint64_t word = load_word(at);
    const std::uint64_t found = find_byte(word, '"') | ((word - kControls) & ~word & kHighs);
    if (found == 0) continue;
    if constexpr (std::endian::native == std::endian::little)
      return at + std::countr_zero(found) / 8;
    break;
  }
  while (at != end && !ends(*at))
    ++at;
  return at;
}

/// A text whose strings are read where they lie. RapidJSON thinks that it puts them together in
/// place; as a plain text has no escapes they are there already, and nothing is written. The bytes
/// of a string are skipped where it begins: what RapidJSON looks at is its end. It begins to put
/// at the end of numbers, too.
struct PlainStream : rapidjson::MemoryStream {
  using rapidjson::MemoryStream::MemoryStream;
  char* PutBegin() {
    const char* const begin = src_;
    if (begin[-1] == '"') src_ = string_end(begin, end_);
    put_ = src_;
    return const_cast<char*>(begin);
  }
  void Put(char) { ++put_; }
  std::size_t PutEnd(const char* begin) { return static_cast<std::size_t>(put_ - begin); }

 private:
  const char* put_ = nullptr;
};

}  // namespace
}  // namespace engine::json

/// Compact texts have hardly any: most looks end at once.
template <>
inline void rapidjson::SkipWhitespace(engine::json::PlainStream& stream) {
  const auto is_space = [](char byte) {
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
  };
  while (stream.src_ != stream.end_ && is_space(*stream.src_))
    ++stream.src_;
}

namespace engine::json {
namespace {

/// RapidJSON refuses half a surrogate pair only if it is the first half.
bool has_lone_surrogate(std::string_view text) {
  for (std::size_t at = 0; (at = text.find('\xed', at)) != std::string_view::npos; ++at) {
    if (at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) >= 0xa0) return true;
  }
  return false;
}

/// A whole number of up to 18 digits, as most are. False: it is something else.
bool read_short(std::string_view text, std::int64_t& value) {
  const bool negative = text[0] == '-';
  if (negative) text.remove_prefix(1);
  if (text.size() > 18) return false;
  std::int64_t sum = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9') return false;
    sum = sum * 10 + (digit - '0');
  }
  value = negative ? -sum : sum;
  return true;
}

/// A fraction or something beyond 64 bits; infinite if it is beyond doubles.
double read_real(std::string_view text) {
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code == std::errc()) return value;
  return std::strtod(std::string(text).c_str(), nullptr);  // it tells too small from too big
}

/// Hands RapidJSON's events on, counting depth and publishing the offset.
class Adapter {
 public:
  Adapter(Handler& handler,
          const rapidjson::MemoryStream& stream,
          std::size_t max_depth,
          bool plain)
      : handler_(handler), stream_(stream), max_depth_(max_depth), plain_(plain) {}

  bool Null() { return at().on_null(); }
  bool Bool(bool value) { return at().on_boolean(value); }
  // Not called, since numbers come as text.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }
  // Reading in place, RapidJSON tells the size only.
  bool RawNumber(const char*, rapidjson::SizeType size, bool) {
    const std::string_view number(stream_.src_ - size, size);
    std::int64_t integer = 0;
    if (read_short(number, integer) || read_integer(number, integer)) {
      return at().on_integer(integer);
    }
    std::uint64_t unsigned_integer = 0;
    if (read_integer(number, unsigned_integer)) return at().on_unsigned(unsigned_integer);
    const double real = read_real(number);
    if (!std::isfinite(real)) return refuse("Number too big to be stored in double.");
    return at().on_real(real);
  }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    if (!plain_ && has_lone_surrogate({text, size}))
      return refuse("Half a surrogate pair in string.");
    return at().on_string({text, size});
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    if (!plain_ && has_lone_surrogate({text, size}))
      return refuse("Half a surrogate pair in string.");
    return at().on_key({text, size});
  }
  bool StartObject() { return enter() && at().on_start_object(); }
  bool EndObject(rapidjson::SizeType) {
    --depth_;
    return at().on_end_object();
  }
  bool StartArray() { return enter() && at().on_start_array(); }
  bool EndArray(rapidjson::SizeType) {
    --depth_;
    return at().on_end_array();
  }

  [[nodiscard]] bool too_deep() const { return depth_ > max_depth_; }
  /// What is wrong with the document although RapidJSON takes it; else null.
  [[nodiscard]] const char* refusal() const { return refusal_; }

 private:
  template <typename Integer>
  static bool read_integer(std::string_view text, Integer& value) {
    const char* last = text.data() + text.size();
    const auto [end, code] = std::from_chars(text.data(), last, value);
    return code == std::errc() && end == last;
  }
  bool refuse(const char* why) {
    refusal_ = why;
    return false;
  }
  bool enter() { return ++depth_ <= max_depth_; }
  Handler& at() {
    HandlerAccess::set_offset(handler_, stream_.Tell());
    return handler_;
  }

  Handler& handler_;
  const rapidjson::MemoryStream& stream_;
  std::size_t max_depth_;
  std::size_t depth_ = 0;
  const bool plain_;
  const char* refusal_ = nullptr;
};

class TreeBuilder final : public Handler {
 public:
  bool on_null() override { return add(Value()); }
  bool on_boolean(bool value) override { return add(value); }
  bool on_integer(std::int64_t value) override { return add(value); }
  bool on_unsigned(std::uint64_t value) override { return add(value); }
  bool on_real(double value) override { return add(value); }
  bool on_string(std::string_view value) override { return add(value); }
  bool on_start_object() override { return open(Object{}); }
  bool on_start_array() override { return open(Array{}); }
  bool on_end_object() override { return close(); }
  bool on_end_array() override { return close(); }
  bool on_key(std::string_view key) override {
    stack_.back().key = key;
    return true;
  }

  [[nodiscard]] Value take() { return std::move(root_); }

 private:
  struct Frame {
    Value value;
    std::string key;
  };

  bool open(Value container) {
    stack_.push_back({std::move(container), {}});
    return true;
  }
  bool close() {
    Value done = std::move(stack_.back().value);
    stack_.pop_back();
    return add(std::move(done));
  }
  bool add(Value value) {
    if (stack_.empty()) {
      root_ = std::move(value);
    } else if (Array* elements = stack_.back().value.array()) {
      elements->push_back(std::move(value));
    } else {
      stack_.back().value.object()->insert_or_assign(std::move(stack_.back().key),
                                                     std::move(value));
    }
    return true;
  }

  Value root_;
  std::vector<Frame> stack_;
};

}  // namespace

Result<> parse(std::string_view text, Handler& handler, std::size_t max_depth) {
  const bool plain = is_plain(text);
  PlainStream stream(text.data(), text.size());
  Adapter adapter(handler, stream, max_depth, plain);
  rapidjson::Reader reader;
  const auto outcome = plain ? reader.Parse<kPlainFlags>(stream, adapter)
                             : reader.Parse<kCheckedFlags>(stream, adapter);
  if (!outcome.IsError() && stream.Tell() == text.size()) return {};
  if (adapter.too_deep()) {
    return fail(Errc::request_too_large, fmt::format("nested deeper than {} levels", max_depth));
  }
  if (outcome.Code() == rapidjson::kParseErrorTermination && adapter.refusal() == nullptr) {
    return fail(Errc::cancelled, "the reader was stopped");
  }
  const char* reason = adapter.refusal() != nullptr ? adapter.refusal()
                       : outcome.IsError()          ? rapidjson::GetParseError_En(outcome.Code())
                                                    : "Unexpected character after the document.";
  const std::size_t offset = outcome.IsError() ? outcome.Offset() : stream.Tell();
  return fail(Errc::parse_error, fmt::format("{} (at byte {})", reason, offset));
}

Result<Value> parse(std::string_view text, std::size_t max_depth) {
  TreeBuilder builder;
  TRY(parse(text, builder, max_depth));
  return builder.take();
}

}  // namespace engine::json
