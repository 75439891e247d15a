#include "json/reader.hh"

#include <fmt/format.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <vector>

namespace engine::json {

struct HandlerAccess {
  static void set_offset(Handler& handler, std::size_t offset) { handler.offset_ = offset; }
};

namespace {

constexpr unsigned kFlags =
    rapidjson::kParseValidateEncodingFlag | rapidjson::kParseFullPrecisionFlag;

/// Hands RapidJSON's events on, counting depth and publishing the offset.
class Adapter {
 public:
  Adapter(Handler& handler, const rapidjson::MemoryStream& stream, std::size_t max_depth)
      : handler_(handler), stream_(stream), max_depth_(max_depth) {}

  bool Null() { return at().on_null(); }
  bool Bool(bool value) { return at().on_boolean(value); }
  bool Int(int value) { return at().on_integer(value); }
  bool Uint(unsigned value) { return at().on_integer(value); }
  bool Int64(std::int64_t value) { return at().on_integer(value); }
  bool Uint64(std::uint64_t value) {
    return (value >> 63U) == 0 ? at().on_integer(static_cast<std::int64_t>(value))
                               : at().on_unsigned(value);
  }
  bool Double(double value) { return at().on_real(value); }
  bool RawNumber(const char*, rapidjson::SizeType, bool) { return false; }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    return at().on_string({text, size});
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) { return at().on_key({text, size}); }
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

 private:
  bool enter() { return ++depth_ <= max_depth_; }
  Handler& at() {
    HandlerAccess::set_offset(handler_, stream_.Tell());
    return handler_;
  }

  Handler& handler_;
  const rapidjson::MemoryStream& stream_;
  std::size_t max_depth_;
  std::size_t depth_ = 0;
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
  rapidjson::MemoryStream stream(text.data(), text.size());
  Adapter adapter(handler, stream, max_depth);
  rapidjson::Reader reader;
  const auto outcome = reader.Parse<kFlags>(stream, adapter);
  if (!outcome.IsError() && stream.Tell() == text.size()) return {};
  if (adapter.too_deep()) {
    return fail(Errc::request_too_large, fmt::format("nested deeper than {} levels", max_depth));
  }
  if (outcome.Code() == rapidjson::kParseErrorTermination) {
    return fail(Errc::cancelled, "the reader was stopped");
  }
  const char* reason = outcome.IsError() ? rapidjson::GetParseError_En(outcome.Code())
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
