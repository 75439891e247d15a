#include "archive/cbor.hh"

#include "archive/fault.hh"
#include "json/writer.hh"

#include <nlohmann/json.hpp>

#include <cmath>
#include <vector>

namespace engine::archive {
namespace {

constexpr std::size_t kMaxDepth = 64;

/// Makes a value of the parser's events. Each of them gives false to end the parsing.
class Builder {
 public:
  bool null() { return add({}); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(std::int64_t value) { return add(value); }
  bool number_unsigned(std::uint64_t value) { return add(value); }
  bool number_float(double value, const std::string& /*text*/) {
    if (!std::isfinite(value)) return refuse("a number that is not finite");
    return add(value);
  }
  bool string(std::string& value) {
    if (!json::is_utf8(value)) return refuse("text that is not UTF-8");
    return add(std::move(value));
  }
  bool binary(std::vector<std::uint8_t>& /*value*/) { return refuse("bytes, which JSON has not"); }

  bool start_object(std::size_t /*count*/) { return open(json::Object{}); }
  bool key(std::string& name) {
    if (!json::is_utf8(name)) return refuse("a key that is not UTF-8");
    if (open_.back()->find(name) != nullptr) {
      return refuse("the key " + json::quote(name) + " twice");
    }
    key_ = std::move(name);
    return true;
  }
  bool end_object() { return close(); }
  bool start_array(std::size_t /*count*/) { return open(json::Array{}); }
  bool end_array() { return close(); }

  bool parse_error(std::size_t position,
                   const std::string& /*token*/,
                   const nlohmann::json::exception& /*error*/) {
    position_ = position;
    return false;
  }

  /// What ended the parsing; empty if it was the text itself.
  [[nodiscard]] const std::string& problem() const { return problem_; }
  /// Of the byte after which the text made no sense, counted from 1; nothing after `problem`.
  [[nodiscard]] std::optional<std::uint64_t> position() const { return position_; }
  json::Value take() { return std::move(root_); }

 private:
  bool refuse(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }

  json::Value& place(json::Value value) {
    if (open_.empty()) return root_ = std::move(value);
    if (json::Array* list = open_.back()->array()) return list->emplace_back(std::move(value));
    return (*open_.back())[key_] = std::move(value);
  }

  bool add(json::Value value) {
    place(std::move(value));
    return true;
  }

  bool open(json::Value value) {
    if (open_.size() == kMaxDepth) return refuse("more than 64 levels");
    // An array grows only while none of its members is open, so this stays where it is.
    open_.push_back(&place(std::move(value)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  json::Value root_;
  std::vector<json::Value*> open_;  ///< the way to what is being filled
  std::string key_;
  std::string problem_;
  std::optional<std::uint64_t> position_;
};

}  // namespace

Result<json::Value> parse_cbor(ByteView bytes, std::uint64_t position) {
  const auto* first = reinterpret_cast<const std::uint8_t*>(bytes.data());
  Builder builder;
  const bool good = nlohmann::json::sax_parse(
      first, first + bytes.size(), &builder, nlohmann::json::input_format_t::cbor);
  if (good) return builder.take();
  const std::string why = builder.problem().empty() ? std::string("it is no CBOR, or is cut off")
                                                    : "it holds " + builder.problem();
  const std::uint64_t at = builder.position().value_or(1);
  return fail(fault(
      Errc::validate_s9pk,
      {.rule = Rule::manifest_cbor, .path = "manifest", .offset = position + (at > 0 ? at - 1 : 0)},
      "the manifest cannot be read: " + why,
      "ask its author for a package of version 2"));
}

}  // namespace engine::archive
