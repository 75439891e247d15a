#include "cli/command.hh"

#include "json/reader.hh"

#include <catch2/catch.hpp>

using engine::Errc;
using engine::cli::ArgumentKind;
using engine::cli::read_command;
using engine::cli::ValueType;

namespace {

engine::Result<engine::cli::Command> read(std::string_view text) {
  return read_command(*engine::json::parse(text));
}

}  // namespace

TEST_CASE("app/cli/command: reads a tree as the handler tree describes it") {
  const auto root = read(R"({"name": "moon-cli", "subcommands": [
    {"name": "start", "about": "Start a package", "callable": true, "args": [
      {"key": "id", "kind": "positional", "required": true},
      {"key": "waitSeconds", "kind": "option", "long": "--wait-seconds", "short": "-w",
       "type": "integer", "default": 30},
      {"key": "force", "kind": "flag", "long": "--force", "type": "boolean"}]}]})");
  REQUIRE(root);
  CHECK_FALSE(root->callable);
  const auto* start = root->find("start");
  REQUIRE(start != nullptr);
  REQUIRE(start->arguments.size() == 3);
  CHECK(start->arguments[0].kind == ArgumentKind::positional);
  CHECK(start->arguments[0].required);
  CHECK(start->arguments[1].type == ValueType::integer);
  CHECK(start->arguments[1].default_text == "30");
  CHECK(start->arguments[1].value_name() == "WAIT_SECONDS");
  CHECK(start->arguments[2].kind == ArgumentKind::flag);
  CHECK(root->find("stop") == nullptr);
}

TEST_CASE("app/cli/command: a tree that is none is a script error naming the command") {
  CHECK(read("[]").error().code == Errc::script);
  const auto strange = read(R"({"name": "x", "args": [{"key": "k", "kind": "wish"}]})");
  REQUIRE_FALSE(strange);
  CHECK(strange.error().message == "x: argument 'k' has the unknown form 'wish'");
  CHECK_FALSE(read(R"({"name": "x", "args": [{"kind": "flag"}]})"));
  CHECK_FALSE(read(R"({"name": "x", "args": [{"key": "k", "kind": "option"}]})"));
}
