#include "cli/parser.hh"

#include "json/reader.hh"
#include "json/writer.hh"

#include <catch2/catch.hpp>

#include <filesystem>

using engine::Errc;
using engine::cli::Parsed;

namespace {

constexpr std::string_view kTree = R"({"name": "moon-cli", "about": "Speaks with moonbox.",
 "labels": {"did-you-mean": "did you mean %{word}?",
  "expected-boolean": "%{argument}: expected true or false, got '%{word}'",
  "expected-integer": "%{argument}: expected an integer, got '%{word}'",
  "expected-number": "%{argument}: expected a number, got '%{word}'",
  "expected-path": "%{argument}: expected a path, got '%{word}'",
  "given-twice": "%{command}: %{option} may be given once only",
  "lists-commands": "%{command} --help lists the commands",
  "missing-argument": "%{command}: %{argument} is missing",
  "missing-value": "%{command}: %{option} needs a value",
  "no-command": "unknown command '%{word}'",
  "no-option": "%{command} has no option %{option}",
  "not-json": "%{argument}: not JSON: %{why}",
  "not-one-of": "%{argument}: '%{word}' is not one of %{choices}",
  "quote-json": "quote it for the shell, e.g. %{example}",
  "unexpected-argument": "%{command}: unexpected argument '%{word}'"},
 "subcommands": [
  {"name": "echo", "callable": true, "args": [
    {"key": "message", "kind": "positional", "required": true},
    {"key": "count", "kind": "option", "long": "--count", "short": "-c", "type": "integer"}]},
  {"name": "server", "subcommands": [{"name": "info", "callable": true}]},
  {"name": "package", "about": "Packages", "subcommands": [
    {"name": "start", "about": "Start it", "callable": true, "examples": ["moon-cli package start x"],
     "args": [
      {"key": "id", "kind": "positional", "required": true, "help": "Which package"},
      {"key": "force", "kind": "flag", "long": "--force", "short": "-f"},
      {"key": "wait", "kind": "flag", "long": "--nowait", "value": false},
      {"key": "mode", "kind": "option", "long": "--mode", "choices": ["fast", "safe"]},
      {"key": "ratio", "kind": "option", "long": "--ratio", "type": "number"},
      {"key": "allow", "kind": "option", "long": "--allow", "type": "boolean"},
      {"key": "input", "kind": "option", "long": "--input", "type": "json"},
      {"key": "from", "kind": "option", "long": "--from", "type": "path"},
      {"key": "tag", "kind": "option", "long": "--tag", "repeated": true}]},
    {"name": "remove", "callable": true, "args": [
      {"key": "ids", "kind": "positional", "repeated": true}]},
    {"name": "exec", "callable": true, "args": [
      {"key": "id", "kind": "positional", "required": true},
      {"key": "command", "kind": "positional", "repeated": true, "trailing": true,
       "required": true}]}]},
  {"name": "logs", "callable": true, "args": [{"key": "id", "kind": "positional"}],
   "subcommands": [{"name": "follow", "callable": true}]},
  {"name": "shelf", "args": [{"key": "shelf", "kind": "positional", "required": true}],
   "subcommands": [{"name": "book", "callable": true, "args": [
      {"key": "book", "kind": "positional", "required": true, "own": true},
      {"key": "all", "kind": "flag", "long": "--all", "own": true}],
     "subcommands": [{"name": "add", "callable": true, "args": [
       {"key": "title", "kind": "positional", "required": true}]}]}]}]})";

engine::Result<Parsed> parse(const std::vector<std::string>& words) {
  static const auto kRoot = *engine::cli::read_command(*engine::json::parse(kTree));
  return engine::cli::parse(kRoot, words, "1.2.3");
}

std::string params(const std::vector<std::string>& words) {
  const auto parsed = parse(words);
  INFO((parsed ? std::string("parsed") : parsed.error().message));
  REQUIRE(parsed);
  REQUIRE(parsed->invocation);
  return engine::json::write(parsed->invocation->params);
}

std::string refusal(const std::vector<std::string>& words) {
  const auto parsed = parse(words);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().code == Errc::usage);
  CHECK_FALSE(parsed.error().hint.empty());
  return parsed.error().message;
}

}  // namespace

TEST_CASE("app/cli/parser: arguments become the params an RPC client would send") {
  CHECK(params({"echo", "hi"}) == R"({"message":"hi"})");
  CHECK(params({"echo", "--count", "3", "hi"}) == R"({"count":3,"message":"hi"})");
  CHECK(params({"echo", "hi", "-c-3"}) == R"({"count":-3,"message":"hi"})");
  CHECK(params({"package", "start", "x"}) == R"({"id":"x"})");
  CHECK(params({"package", "start", "x", "-f", "--nowait"}) ==
        R"({"force":true,"id":"x","wait":false})");
  CHECK(params({"package", "start", "x", "--ratio", "0.5"}) == R"({"id":"x","ratio":0.5})");
  CHECK(params({"package", "start", "x", "--allow=no"}) == R"({"allow":false,"id":"x"})");
  CHECK(params({"package", "start", "x", "--input", R"({"a":[1,null]})"}) ==
        R"({"id":"x","input":{"a":[1,null]}})");
  CHECK(params({"package", "start", "x", "--tag", "a", "--tag=b"}) ==
        R"({"id":"x","tag":["a","b"]})");
  CHECK(params({"package", "remove", "a", "b"}) == R"({"ids":["a","b"]})");
  CHECK(params({"package", "remove"}) == "{}");
  CHECK(params({"server", "info"}) == "{}");
}

TEST_CASE("app/cli/parser: a positional may have the name of a command") {
  CHECK(params({"echo", "server"}) == R"({"message":"server"})");
  CHECK(params({"echo", "echo"}) == R"({"message":"echo"})");
  CHECK(params({"package", "start", "package"}) == R"({"id":"package"})");
  CHECK(params({"package", "remove", "start", "remove"}) == R"({"ids":["start","remove"]})");
}

TEST_CASE("app/cli/parser: words with dashes, empty words and numbers reach their place") {
  CHECK(params({"echo", "--", "--count"}) == R"({"message":"--count"})");
  CHECK(params({"echo", ""}) == R"({"message":""})");
  CHECK(params({"echo", "-5"}) == R"({"message":"-5"})");
  CHECK(params({"echo", "{\"a\": [1]}"}) == R"({"message":"{\"a\": [1]}"})");
  CHECK(params({"package", "start", "x", "--tag=", "--tag", ""}) == R"({"id":"x","tag":["",""]})");
  CHECK(params({"package", "exec", "x", "ls", "-l", "--color=auto", "/"}) ==
        R"({"command":["ls","-l","--color=auto","/"],"id":"x"})");
  CHECK(params({"package", "exec", "x", "--", "--help"}) == R"({"command":["--help"],"id":"x"})");
  CHECK(params({"package", "exec", "x", "ls", "--", "-l"}) ==
        R"({"command":["ls","--","-l"],"id":"x"})");
}

TEST_CASE("app/cli/parser: a path is made absolute, for the daemon stands elsewhere") {
  const std::string here = std::filesystem::current_path().string();
  CHECK(params({"package", "start", "x", "--from", "a/../b"}) ==
        R"({"from":")" + here + R"(/b","id":"x"})");
}

TEST_CASE("app/cli/parser: a group with a handler of its own may be called") {
  CHECK(parse({"logs"})->invocation->path == std::vector<std::string>{"logs"});
  CHECK(parse({"logs", "x"})->invocation->path == std::vector<std::string>{"logs"});
  CHECK(parse({"logs", "follow"})->invocation->path == std::vector<std::string>{"logs", "follow"});
}

TEST_CASE(
    "app/cli/parser: what a group asks for comes before its commands, what it takes itself does "
    "not") {
  CHECK(params({"shelf", "S", "book", "--all", "B"}) == R"({"all":true,"book":"B","shelf":"S"})");
  CHECK(params({"shelf", "S", "book", "add", "T"}) == R"({"shelf":"S","title":"T"})");
  CHECK(refusal({"shelf", "book", "add", "T"}) == "moon-cli shelf book add: SHELF is missing");
  CHECK(refusal({"shelf", "S", "book"}) == "moon-cli shelf book: BOOK is missing");
  CHECK(refusal({"shelf", "S", "book", "--all", "add", "T"}) ==
        "moon-cli shelf book add: unexpected argument '--all'");
  CHECK(refusal({"shelf", "S", "book", "B", "add", "T"}) ==
        "moon-cli shelf book add: unexpected argument 'B'");
  const auto missing = parse({"shelf", "S", "book", "add"});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().hint == "usage: moon-cli shelf SHELF book add TITLE");
}

TEST_CASE("app/cli/parser: global options stand before or after the command") {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--instance", "demo", "--format=json", "package", "start", "x"},
        std::vector<std::string>{"package", "--instance", "demo", "start", "--format", "json", "x"},
        std::vector<std::string>{"package", "start", "x", "--format", "json", "--instance=demo"}}) {
    const auto parsed = parse(words);
    REQUIRE(parsed);
    REQUIRE(parsed->invocation);
    CHECK(parsed->invocation->globals.instance == "demo");
    CHECK(parsed->invocation->globals.format == "json");
    CHECK_FALSE(parsed->invocation->globals.verbose);
    CHECK(parsed->invocation->params.size() == 1);
  }
  CHECK(parse({"--instance", "a", "server", "info", "--instance", "b"})
            ->invocation->globals.instance == "b");
  CHECK(refusal({"server", "info", "--format", "xml"}) ==
        "--format: 'xml' is not one of table, json, json-pretty, yaml");
}

TEST_CASE("app/cli/parser: globals can be read before the tree is known") {
  const auto globals = engine::cli::scan_globals(
      {"server", "--data-dir=/srv", "info", "--instance", "x", "--", "--instance", "y"});
  CHECK(globals.data_dir == "/srv");
  CHECK(globals.instance == "x");
  CHECK_FALSE(globals.scripts);
  CHECK_FALSE(engine::cli::scan_globals({"--data-dir"}).data_dir);
}

TEST_CASE("app/cli/parser: an unknown command names the nearest") {
  CHECK(refusal({"pakage", "start", "x"}) == "unknown command 'pakage'; did you mean 'package'?");
  CHECK(refusal({"package", "strat", "x"}) == "unknown command 'strat'; did you mean 'start'?");
  CHECK(refusal({"frobnicate"}) == "unknown command 'frobnicate'");
  CHECK(refusal({"pakage", "--help"}) == "unknown command 'pakage'; did you mean 'package'?");
  CHECK(refusal({"package", "--help", "strat"}) ==
        "unknown command 'strat'; did you mean 'start'?");
}

TEST_CASE("app/cli/parser: wrong words are refused with the reason") {
  CHECK(refusal({"echo"}) == "moon-cli echo: MESSAGE is missing");
  CHECK(refusal({"echo", "a", "b"}) == "moon-cli echo: unexpected argument 'b'");
  CHECK(refusal({"package", "start", "x", "--froce"}) ==
        "moon-cli package start has no option --froce; did you mean --force?");
  CHECK(refusal({"package", "start", "x", "--mode", "fst"}) ==
        "--mode: 'fst' is not one of fast, safe");
  CHECK(refusal({"echo", "a", "--count", "1.5"}) == "--count: expected an integer, got '1.5'");
  CHECK(refusal({"package", "start", "x", "--ratio", "inf"}) ==
        "--ratio: expected a number, got 'inf'");
  CHECK(refusal({"package", "start", "x", "--allow", "maybe"}) ==
        "--allow: expected true or false, got 'maybe'");
  CHECK_THAT(refusal({"package", "start", "x", "--input", "{"}),
             Catch::StartsWith("--input: not JSON"));
  CHECK(refusal({"echo", "a", "--count"}) == "moon-cli echo: --count needs a value");
  CHECK(refusal({"echo", "a", "--count", "1", "--count", "2"}) ==
        "moon-cli echo: --count may be given once only");
  CHECK(refusal({"package", "start", "x", "--force=very"}) ==
        "--force: expected true or false, got 'very'");
}

TEST_CASE("app/cli/parser: help and version are asked for, a bare group shows what it has") {
  CHECK(parse({})->status == 0);
  CHECK_THAT(parse({})->text,
             Catch::Contains("Speaks with moonbox.") && Catch::Contains("package"));
  CHECK(parse({"--version"})->text == "moon-cli 1.2.3\n");
  const auto help = parse({"package", "start", "--help"});
  REQUIRE(help);
  CHECK(help->status == 0);
  CHECK_THAT(help->text,
             Catch::Contains("usage: moon-cli package start [OPTIONS] ID") &&
                 Catch::Contains("-f, --force") && Catch::Contains("Which package") &&
                 Catch::Contains("[fast, safe]") &&
                 Catch::Contains("examples:\n  moon-cli package"));
  const auto group = parse({"package"});
  REQUIRE(group);
  CHECK(group->status == 2);
  CHECK_THAT(group->text, Catch::Contains("Start it"));
}

TEST_CASE("app/cli/parser: an option declared twice is the tree's fault") {
  const auto root = *engine::cli::read_command(*engine::json::parse(
      R"({"name": "x", "callable": true, "args": [{"key": "a", "kind": "flag", "long": "--a"},
          {"key": "b", "kind": "flag", "long": "--a"}]})"));
  CHECK(engine::cli::parse(root, {}, "1").error().code == Errc::script);
}
