#include "cli/help.hh"

#include <catch2/catch.hpp>

#include <sstream>

using engine::cli::Argument;
using engine::cli::ArgumentKind;
using engine::cli::Command;

namespace {

const Command kRoot{
    .name = "moon-cli", .about = {}, .examples = {}, .arguments = {}, .subcommands = {}};

Command wordy() {
  Command command{.name = "pack",
                  .about = std::string(200, 'w'),
                  .examples = {},
                  .arguments = {},
                  .subcommands = {}};
  command.arguments.push_back(Argument{.key = "dir",
                                       .kind = ArgumentKind::positional,
                                       .required = true,
                                       .help = "a b c d e f g h i"});
  command.arguments.push_back(Argument{
      .key = "outputFile",
      .long_name = "--output-file",
      .help = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"});
  return command;
}

}  // namespace

TEST_CASE("app/cli/help: lines keep to the width and line up") {
  const Command command = wordy();
  const std::string text = engine::cli::help_text({&kRoot, &command}, 60);
  std::istringstream lines(text);
  std::string line;
  while (std::getline(lines, line)) {
    if (line.find("www") == std::string::npos) CHECK(line.size() <= 70);
  }
  CHECK_THAT(text, Catch::Contains("usage: moon-cli pack [OPTIONS] DIR\n"));
  CHECK_THAT(text, Catch::Contains("--output-file OUTPUT_FILE"));
}

TEST_CASE("app/cli/help: the usage names the options that must be given") {
  Command command = wordy();
  command.arguments.push_back(
      Argument{.key = "target", .long_name = "--target", .required = true, .help = {}});
  CHECK(engine::cli::usage_line({&kRoot, &command}) ==
        "moon-cli pack [OPTIONS] --target TARGET DIR");
  std::erase_if(command.arguments, [](const Argument& one) { return one.key == "outputFile"; });
  CHECK(engine::cli::usage_line({&kRoot, &command}) == "moon-cli pack --target TARGET DIR");
}

TEST_CASE("app/cli/help: the page is in the language of the tree") {
  Command root = kRoot;
  root.labels = {{"usage", "Aufruf"}, {"options-of-every-command", "Optionen"}, {"format", "Form"}};
  const std::string text = engine::cli::help_text({&root}, 80);
  CHECK_THAT(text, Catch::Contains("Aufruf: moon-cli"));
  CHECK_THAT(text, Catch::Contains("\nOptionen:\n"));
  CHECK_THAT(text, Catch::Contains("Form [table, json"));
}

TEST_CASE("app/cli/help: hidden commands are not listed") {
  Command root{.name = "moon-cli", .about = {}, .examples = {}, .arguments = {}, .subcommands = {}};
  root.subcommands = {
      Command{.name = "seen", .about = {}, .examples = {}, .arguments = {}, .subcommands = {}},
      Command{.name = "unseen",
              .about = {},
              .examples = {},
              .arguments = {},
              .subcommands = {},
              .callable = true,
              .hidden = true}};
  const std::string text = engine::cli::help_text({&root}, 80);
  CHECK_THAT(text, Catch::Contains("seen"));
  CHECK_THAT(text, !Catch::Contains("unseen"));
  CHECK_THAT(text, Catch::Contains("--data-dir"));
}
