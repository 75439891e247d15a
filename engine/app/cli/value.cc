#include "cli/value.hh"

#include "base/nearest.hh"
#include "json/reader.hh"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>

namespace engine::cli {
namespace {

/// `name` is the sentence for what was expected: "expected-integer".
tl::unexpected<Error> unfit(const Argument& argument,
                            const std::string& word,
                            const Words& words,
                            const char* name) {
  return fail(Errc::usage, words.say(name, {{"argument", display_name(argument)}, {"word", word}}));
}

Result<json::Value> to_integer(const Argument& argument,
                               const std::string& word,
                               const Words& words) {
  std::int64_t number = 0;
  const char* end = word.data() + word.size();
  const auto read = std::from_chars(word.data(), end, number);
  if (read.ec != std::errc{} || read.ptr != end) {
    return unfit(argument, word, words, "expected-integer");
  }
  return json::Value(number);
}

Result<json::Value> to_number(const Argument& argument,
                              const std::string& word,
                              const Words& words) {
  if (auto whole = to_integer(argument, word, words)) return whole;
  double number = 0;
  const char* end = word.data() + word.size();
  const auto read = std::from_chars(word.data(), end, number);
  if (read.ec != std::errc{} || read.ptr != end || !std::isfinite(number)) {
    return unfit(argument, word, words, "expected-number");
  }
  return json::Value(number);
}

Result<json::Value> to_json(const Argument& argument, const std::string& word, const Words& words) {
  auto value = json::parse(word);
  if (value) return value;
  return fail(
      Error{.code = Errc::usage,
            .message = words.say(
                "not-json", {{"argument", display_name(argument)}, {"why", value.error().message}}),
            .hint = words.say("quote-json", {{"example", R"('{"name": "value"}')"}})});
}

Result<> check_choice(const Argument& argument, const std::string& word, const Words& words) {
  const auto& choices = argument.choices;
  if (choices.empty() || std::find(choices.begin(), choices.end(), word) != choices.end())
    return {};
  std::string list;
  for (const std::string& choice : choices)
    list += (list.empty() ? "" : ", ") + choice;
  Error error{
      .code = Errc::usage,
      .message = words.say(
          "not-one-of", {{"argument", display_name(argument)}, {"word", word}, {"choices", list}})};
  if (const auto meant = nearest(word, choices)) {
    error.hint = words.say("did-you-mean", {{"word", "'" + *meant + "'"}});
  }
  return fail(std::move(error));
}

}  // namespace

std::string display_name(const Argument& argument) {
  return argument.kind == ArgumentKind::positional ? argument.value_name() : argument.long_name;
}

Result<bool> to_boolean(const Argument& argument, const std::string& word, const Words& words) {
  if (word == "true" || word == "yes" || word == "on" || word == "1") return true;
  if (word == "false" || word == "no" || word == "off" || word == "0") return false;
  return unfit(argument, word, words, "expected-boolean");
}

Result<json::Value> to_value(const Argument& argument,
                             const std::string& word,
                             const Words& words) {
  TRY(check_choice(argument, word, words));
  switch (argument.type) {
    case ValueType::integer:
      return to_integer(argument, word, words);
    case ValueType::number:
      return to_number(argument, word, words);
    case ValueType::boolean:
      return to_boolean(argument, word, words);
    case ValueType::json:
      return to_json(argument, word, words);
    case ValueType::path: {
      if (word.empty()) return unfit(argument, word, words, "expected-path");
      std::error_code ignored;
      return json::Value(std::filesystem::absolute(word, ignored).lexically_normal().string());
    }
    case ValueType::string:
      break;
  }
  return json::Value(word);
}

}  // namespace engine::cli
