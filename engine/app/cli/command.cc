#include "cli/command.hh"

#include "json/writer.hh"

#include <algorithm>
#include <array>
#include <cctype>

namespace engine::cli {
namespace {

/// The position of `name` in a list of spellings.
template <typename Enum, std::size_t N>
Result<Enum> from_name(const std::array<std::string_view, N>& names,
                       std::string_view name,
                       const std::string& key) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    return fail(Errc::script,
                "argument '" + key + "' has the unknown form '" + std::string(name) + "'");
  }
  return static_cast<Enum>(found - names.begin());
}

constexpr std::array<std::string_view, 3> kKinds = {"positional", "option", "flag"};
constexpr std::array<std::string_view, 6> kTypes = {
    "string", "number", "integer", "boolean", "json", "path"};

std::string text_of(const json::Value& value) {
  const std::string* text = value.string();
  return text != nullptr ? *text : json::write(value);
}

std::vector<std::string> texts(const json::Value* list) {
  std::vector<std::string> out;
  if (list == nullptr || list->array() == nullptr) return out;
  for (const json::Value& item : *list->array())
    out.push_back(text_of(item));
  return out;
}

Result<Argument> read_argument(const json::Value& from) {
  Argument argument;
  argument.key = from.string_or("key", "");
  TRY_ASSIGN(argument.kind,
             from_name<ArgumentKind>(kKinds, from.string_or("kind", "option"), argument.key));
  TRY_ASSIGN(argument.type,
             from_name<ValueType>(kTypes, from.string_or("type", "string"), argument.key));
  argument.long_name = from.string_or("long", "");
  argument.short_name = from.string_or("short", "");
  argument.required = from.boolean_or("required", false);
  argument.repeated = from.boolean_or("repeated", false);
  argument.trailing = from.boolean_or("trailing", false);
  argument.flag_value = from.boolean_or("value", true);
  argument.own = from.boolean_or("own", false);
  argument.help = from.string_or("help", "");
  argument.choices = texts(from.find("choices"));
  const json::Value* fallback = from.find("default");
  if (fallback != nullptr && !fallback->is_null()) argument.default_text = text_of(*fallback);
  if (argument.key.empty()) return fail(Errc::script, "an argument has no key");
  if (argument.kind != ArgumentKind::positional && argument.long_name.empty()) {
    return fail(Errc::script, "the option '" + argument.key + "' has no long name");
  }
  return argument;
}

const json::Array& members(const json::Value& of, std::string_view key) {
  static const json::Array kNone;
  const json::Value* found = of.find(key);
  return found != nullptr && found->array() != nullptr ? *found->array() : kNone;
}

}  // namespace

std::string Argument::value_name() const {
  std::string name;
  for (const char c : key) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isupper(byte) != 0 && !name.empty()) name += '_';
    name += c == '-' ? '_' : static_cast<char>(std::toupper(byte));
  }
  return name;
}

const Command* Command::find(std::string_view subcommand) const {
  for (const Command& command : subcommands) {
    if (command.name == subcommand) return &command;
  }
  return nullptr;
}

Result<Command> read_command(const json::Value& description) {
  if (!description.is_object()) return fail(Errc::script, "the command tree is not an object");
  Command command;
  command.name = description.string_or("name", "");
  command.about = description.string_or("about", "");
  command.module = description.string_or("module", "");
  command.callable = description.boolean_or("callable", false);
  command.hidden = description.boolean_or("hidden", false);
  command.examples = texts(description.find("examples"));
  if (const json::Value* labels = description.find("labels"); labels && labels->is_object()) {
    for (const auto& [key, text] : *labels->object())
      command.labels[key] = text_of(text);
  }
  for (const json::Value& item : members(description, "args")) {
    auto argument = read_argument(item);
    if (!argument) return fail(std::move(argument).error().context(command.name));
    command.arguments.push_back(std::move(*argument));
  }
  for (const json::Value& item : members(description, "subcommands")) {
    auto subcommand = read_command(item);
    if (!subcommand) return fail(std::move(subcommand).error().context(command.name));
    command.subcommands.push_back(std::move(*subcommand));
  }
  return command;
}

}  // namespace engine::cli
