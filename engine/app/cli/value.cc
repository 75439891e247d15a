#include "cli/value.hh"

#include "json/reader.hh"

#include "cli/suggest.hh"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>

namespace engine::cli {
namespace {

tl::unexpected<Error> unfit(const Argument& argument,
                            const std::string& word,
                            std::string_view expected) {
  return fail(
      Errc::usage,
      display_name(argument) + ": expected " + std::string(expected) + ", got '" + word + "'");
}

Result<json::Value> to_integer(const Argument& argument, const std::string& word) {
  std::int64_t number = 0;
  const char* end = word.data() + word.size();
  const auto read = std::from_chars(word.data(), end, number);
  if (read.ec != std::errc{} || read.ptr != end) return unfit(argument, word, "an integer");
  return json::Value(number);
}

Result<json::Value> to_number(const Argument& argument, const std::string& word) {
  if (auto whole = to_integer(argument, word)) return whole;
  double number = 0;
  const char* end = word.data() + word.size();
  const auto read = std::from_chars(word.data(), end, number);
  if (read.ec != std::errc{} || read.ptr != end || !std::isfinite(number)) {
    return unfit(argument, word, "a number");
  }
  return json::Value(number);
}

Result<json::Value> to_boolean(const Argument& argument, const std::string& word) {
  if (word == "true" || word == "yes" || word == "on" || word == "1") return json::Value(true);
  if (word == "false" || word == "no" || word == "off" || word == "0") return json::Value(false);
  return unfit(argument, word, "true or false");
}

Result<json::Value> to_json(const Argument& argument, const std::string& word) {
  auto value = json::parse(word);
  if (value) return value;
  return fail(Error{.code = Errc::usage,
                    .message = display_name(argument) + ": not JSON: " + value.error().message,
                    .hint = "quote it for the shell, e.g. '{\"name\": \"value\"}'"});
}

Result<> check_choice(const Argument& argument, const std::string& word) {
  const auto& choices = argument.choices;
  if (choices.empty() || std::find(choices.begin(), choices.end(), word) != choices.end())
    return {};
  std::string list;
  for (const std::string& choice : choices)
    list += (list.empty() ? "" : ", ") + choice;
  Error error{.code = Errc::usage,
              .message = display_name(argument) + ": '" + word + "' is not one of " + list};
  if (const auto meant = nearest(word, choices)) error.hint = "did you mean '" + *meant + "'?";
  return fail(std::move(error));
}

}  // namespace

std::string display_name(const Argument& argument) {
  return argument.kind == ArgumentKind::positional ? argument.value_name() : argument.long_name;
}

Result<json::Value> to_value(const Argument& argument, const std::string& word) {
  TRY(check_choice(argument, word));
  switch (argument.type) {
    case ValueType::integer:
      return to_integer(argument, word);
    case ValueType::number:
      return to_number(argument, word);
    case ValueType::boolean:
      return to_boolean(argument, word);
    case ValueType::json:
      return to_json(argument, word);
    case ValueType::path: {
      if (word.empty()) return unfit(argument, word, "a path");
      std::error_code ignored;
      return json::Value(std::filesystem::absolute(word, ignored).lexically_normal().string());
    }
    case ValueType::string:
      break;
  }
  return json::Value(word);
}

}  // namespace engine::cli
