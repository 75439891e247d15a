#include "cli/parser.hh"

#include "base/nearest.hh"

#include "cli/globals.hh"
#include "cli/help.hh"
#include "cli/value.hh"
#include "cli/words.hh"
#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <memory>

namespace engine::cli {
namespace {

/// A command and the CLI11 parser made for it.
struct Node {
  const Command* command = nullptr;
  CLI::App* app = nullptr;
  std::vector<std::pair<const Argument*, CLI::Option*>> arguments;
  std::vector<std::pair<const Argument*, CLI::Option*>> globals;
  CLI::Option* help = nullptr;
  const Argument* trailing = nullptr;  ///< takes the words CLI11 leaves over
  std::vector<std::string> rest;       ///< these words
  std::vector<std::unique_ptr<Node>> children;
};

/// The root and the commands named below it.
using Trail = std::vector<Node*>;

std::string cli11_name(const Argument& argument) {
  if (argument.kind == ArgumentKind::positional) return argument.key;
  return argument.short_name.empty() ? argument.long_name
                                     : argument.short_name + "," + argument.long_name;
}

CLI::Option* add_argument(CLI::App& app, const Argument& argument) {
  const std::string name = cli11_name(argument);
  if (argument.kind == ArgumentKind::flag) {
    return app.add_flag(name)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  }
  CLI::Option* option = app.add_option(name);
  if (!argument.repeated) return option;
  option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  if (argument.kind == ArgumentKind::positional) {
    option->expected(-1)->allow_extra_args(true);
  } else {
    option->allow_extra_args(false);
  }
  return option;
}

bool declares(const Command& command, const Argument& global) {
  return std::any_of(command.arguments.begin(), command.arguments.end(), [&](const Argument& own) {
    return own.long_name == global.long_name ||
           (!global.short_name.empty() && own.short_name == global.short_name);
  });
}

void add_globals(Node& node) {
  for (const Argument& global : global_arguments()) {
    if (declares(*node.command, global)) continue;
    CLI::Option* option = add_argument(*node.app, global);
    option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    node.globals.emplace_back(&global, option);
  }
}

/// Only the commands that `words` can name are built: most runs need few of a few hundred.
std::unique_ptr<Node> build(const Command& command,
                            CLI::App& app,
                            const std::vector<std::string>& words) {
  auto node = std::make_unique<Node>();
  node->command = &command;
  node->app = &app;
  // What does not fit is judged below, with better words than CLI11's.
  app.allow_extras();
  app.require_subcommand(0, 1);
  app.set_help_flag();
  node->help = app.add_flag("-h,--help");
  for (const Argument& argument : command.arguments) {
    if (argument.trailing) {
      node->trailing = &argument;
      app.prefix_command();
    } else {
      node->arguments.emplace_back(&argument, add_argument(app, argument));
    }
  }
  add_globals(*node);
  for (const Command& subcommand : command.subcommands) {
    if (std::ranges::find(words, subcommand.name) == words.end()) continue;
    node->children.push_back(build(subcommand, *app.add_subcommand(subcommand.name), words));
  }
  return node;
}

/// From the root to the command that was named.
Trail chosen(Node& root) {
  Trail trail = {&root};
  while (true) {
    const auto& children = trail.back()->children;
    const auto found = std::find_if(
        children.begin(), children.end(), [](const auto& child) { return child->app->parsed(); });
    if (found == children.end()) return trail;
    trail.push_back(found->get());
  }
}

std::vector<const Command*> commands(const Trail& trail) {
  std::vector<const Command*> out;
  for (const Node* node : trail)
    out.push_back(node->command);
  return out;
}

std::string full_name(const Trail& trail) {
  std::string name;
  for (const Node* node : trail)
    name += (name.empty() ? "" : " ") + node->command->name;
  return name;
}

Words words_of(const Trail& trail) {
  return Words(*trail.front()->command);
}

Error with_usage(const Trail& trail, Error error) {
  if (error.hint.empty())
    error.hint = words_of(trail)("usage") + ": " + usage_line(commands(trail));
  return error;
}

Error usage_error(const Trail& trail, std::string message, std::string hint = {}) {
  Error error{.code = Errc::usage, .message = std::move(message), .hint = std::move(hint)};
  return with_usage(trail, std::move(error));
}

Error unknown_option(const Trail& trail, const std::string& word) {
  const std::string name = word.substr(0, word.find('='));
  std::vector<std::string> known = {"--help"};
  for (const auto* list : {&trail.back()->arguments, &trail.back()->globals}) {
    for (const auto& [argument, option] : *list)
      if (!argument->long_name.empty()) known.push_back(argument->long_name);
  }
  const Words words = words_of(trail);
  std::string what = words.say("no-option", {{"command", full_name(trail)}, {"option", name}});
  if (const auto meant = nearest(name, known)) {
    what += "; " + words.say("did-you-mean", {{"word", *meant}});
  }
  return usage_error(trail, std::move(what));
}

Error unknown_command(const Trail& trail, const std::string& word) {
  std::vector<std::string> known;
  for (const Command& command : trail.back()->command->subcommands) {
    if (!command.hidden) known.push_back(command.name);
  }
  const Words words = words_of(trail);
  std::string what = words.say("no-command", {{"word", word}});
  if (const auto meant = nearest(word, known)) {
    what += "; " + words.say("did-you-mean", {{"word", "'" + *meant + "'"}});
  }
  return usage_error(
      trail, std::move(what), words.say("lists-commands", {{"command", full_name(trail)}}));
}

/// A word where a command should be.
std::optional<Error> unknown_word(const Trail& trail) {
  if (trail.back()->command->subcommands.empty()) return std::nullopt;
  for (const std::string& word : trail.back()->app->remaining())
    if (!word.starts_with('-')) return unknown_command(trail, word);
  return std::nullopt;
}

/// What CLI11 could place nowhere.
std::optional<Error> leftover_error(const Trail& trail) {
  for (const Node* node : trail) {
    if (node->trailing != nullptr) continue;
    for (const std::string& word : node->app->remaining()) {
      if (word == "--") continue;
      const bool option = word.size() > 1 && word[0] == '-' && (word[1] < '0' || word[1] > '9');
      if (option) return unknown_option(trail, word);
      const Command& last = *trail.back()->command;
      if (!last.subcommands.empty()) return unknown_command(trail, word);
      return usage_error(trail,
                         words_of(trail).say("unexpected-argument",
                                             {{"command", full_name(trail)}, {"word", word}}));
    }
  }
  return std::nullopt;
}

Error missing(const Trail& trail, const Argument& argument) {
  return usage_error(
      trail,
      words_of(trail).say("missing-argument",
                          {{"command", full_name(trail)}, {"argument", display_name(argument)}}));
}

Result<> take_argument(const Argument& argument,
                       const CLI::Option& option,
                       const Words& words,
                       json::Object& params) {
  const std::vector<std::string>& given = option.results();
  if (argument.kind == ArgumentKind::flag) {
    TRY_ASSIGN(const bool set, to_boolean(argument, given.back(), words));
    params[argument.key] = set == argument.flag_value;
    return {};
  }
  if (!argument.repeated) {
    TRY_ASSIGN(params[argument.key], to_value(argument, given.back(), words));
    return {};
  }
  json::Array list;
  for (const std::string& word : given) {
    TRY_ASSIGN(json::Value value, to_value(argument, word, words));
    list.push_back(std::move(value));
  }
  params[argument.key] = std::move(list);
  return {};
}

/// As a list, or joined by spaces.
json::Value trailing_value(const Argument& argument, const std::vector<std::string>& words) {
  if (argument.repeated) return json::Array(words.begin(), words.end());
  std::string text;
  for (const std::string& word : words)
    text += (text.empty() ? "" : " ") + word;
  return text;
}

/// What a group takes for itself was given, and then a command below it.
Result<> refuse_own(const Trail& trail, const Node& group) {
  for (const auto& [argument, option] : group.arguments) {
    if (!argument->own || option->count() == 0) continue;
    const bool positional = argument->kind == ArgumentKind::positional;
    const std::string word = positional ? option->results().back() : argument->long_name;
    return fail(usage_error(trail,
                            words_of(trail).say("unexpected-argument",
                                                {{"command", full_name(trail)}, {"word", word}})));
  }
  return {};
}

Result<json::Object> take_params(const Trail& trail) {
  json::Object params;
  for (const Node* node : trail) {
    const bool last = node == trail.back();
    if (!last) TRY(refuse_own(trail, *node));
    if (node->trailing != nullptr && !node->rest.empty()) {
      params[node->trailing->key] = trailing_value(*node->trailing, node->rest);
    } else if (node->trailing != nullptr && node->trailing->required &&
               (last || !node->trailing->own)) {
      return fail(missing(trail, *node->trailing));
    }
    for (const auto& [argument, option] : node->arguments) {
      if (argument->own && !last) continue;
      if (option->count() > 0) {
        auto taken = take_argument(*argument, *option, words_of(trail), params);
        if (!taken) return fail(with_usage(trail, std::move(taken).error()));
      } else if (argument->required) {
        return fail(missing(trail, *argument));
      }
    }
  }
  return params;
}

/// CLI11 takes `--name=` for an option without a value; an empty word of its own is one.
std::vector<std::string> reversed_words(const std::vector<std::string>& words) {
  std::vector<std::string> out;
  bool options = true;
  for (const std::string& word : words) {
    options = options && word != "--";
    if (options && word.size() > 3 && word.starts_with("--") && word.find('=') == word.size() - 1) {
      out.push_back(word.substr(0, word.size() - 1));
      out.emplace_back();
    } else {
      out.push_back(word);
    }
  }
  std::reverse(out.begin(), out.end());
  return out;
}

/// Reads the command line. The words behind `--` belong to the trailing argument of the command, if
/// it has one: CLI11 would offer them to the commands above it.
Trail read_words(Node& tree, const std::vector<std::string>& words) {
  const auto dashes = std::find(words.begin(), words.end(), "--");
  tree.app->parse(reversed_words({words.begin(), dashes}));
  const auto trail = chosen(tree);
  Node& last = *trail.back();
  if (last.trailing == nullptr) {
    if (dashes == words.end()) return trail;
    tree.app->parse(reversed_words(words));
    return chosen(tree);
  }
  last.rest = last.app->remaining();
  // The first `--` only ends the options; one among the trailing words is theirs.
  const bool own = !last.rest.empty();
  if (dashes != words.end())
    last.rest.insert(last.rest.end(), own ? dashes : dashes + 1, words.end());
  return trail;
}

Result<Globals> take_globals(const Trail& trail) {
  json::Object values;
  for (const Node* node : trail) {
    for (const auto& [argument, option] : node->globals) {
      if (option->count() == 0) continue;
      auto taken = take_argument(*argument, *option, words_of(trail), values);
      if (!taken) return fail(with_usage(trail, std::move(taken).error()));
    }
  }
  return read_globals(values);
}

Parsed show_help(const Trail& trail, int status) {
  return {.invocation = std::nullopt,
          .text = help_text(commands(trail), terminal_width()),
          .status = status};
}

Result<Parsed> judge(const Trail& trail) {
  if (auto leftover = leftover_error(trail)) return fail(std::move(*leftover));
  if (!trail.back()->command->callable) return show_help(trail, trail.size() == 1 ? 0 : 2);
  Invocation invocation;
  for (std::size_t i = 1; i < trail.size(); ++i)
    invocation.path.push_back(trail[i]->command->name);
  TRY_ASSIGN(invocation.params, take_params(trail));
  TRY_ASSIGN(invocation.globals, take_globals(trail));
  return Parsed{.invocation = std::move(invocation), .text = {}};
}

/// Of what CLI11 refuses by itself: an option without its value, or given more often than once.
Error mismatch(const Trail& trail, const CLI::ParseError& error) {
  const std::string what = error.what();
  const std::string option = what.substr(0, what.find(':'));
  const bool counts = dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr;
  if (!counts || !option.starts_with('-'))
    return usage_error(trail, full_name(trail) + ": " + what);
  const char* name = what.ends_with("missing") ? "missing-value" : "given-twice";
  return usage_error(
      trail, words_of(trail).say(name, {{"command", full_name(trail)}, {"option", option}}));
}

}  // namespace

Result<Parsed> parse(const Command& root,
                     const std::vector<std::string>& words,
                     std::string_view version) {
  CLI::App app;
  app.name(root.name);
  std::unique_ptr<Node> tree;
  CLI::Option* version_flag = nullptr;
  try {
    tree = build(root, app, words);
    version_flag = app.add_flag("-V,--version");
  } catch (const CLI::ConstructionError& error) {
    return fail(Errc::script, std::string("the command tree makes no parser: ") + error.what());
  }
  Trail trail;
  try {
    trail = read_words(*tree, words);
  } catch (const CLI::ParseError& error) {
    return fail(mismatch(chosen(*tree), error));
  }
  if (version_flag->count() > 0) {
    return Parsed{.invocation = std::nullopt,
                  .text = root.name + " " + std::string(version) + "\n"};
  }
  const bool wants_help = std::any_of(
      trail.begin(), trail.end(), [](const Node* node) { return node->help->count() > 0; });
  if (!wants_help) return judge(trail);
  // Help for a command that is not there would be that of its group, and look like an answer.
  if (auto unknown = unknown_word(trail)) return fail(std::move(*unknown));
  return show_help(trail, 0);
}

}  // namespace engine::cli
