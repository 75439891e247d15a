#include "cli/start_file.hh"

#include "json/reader.hh"

#include <catch2/catch.hpp>

#include <string>

namespace engine::cli {
namespace {

const json::Value kTree = *json::parse(R"({"name":"moon-cli","subcommands":[
  {"name":"echo","about":"é\n","callable":true,"args":[{"key":"message","kind":"positional"}]},
  {"name":"db","about":"the store","subcommands":[{"name":"get","callable":true}]}]})");

std::string code() {
  return std::string("\x1bLJ\0\n\n code", 12);
}

std::string kept() {
  return StartFile::make(kTree, {{"core.echo", code()}, {"lib.rpc", "two"}, {"empty", ""}});
}

}  // namespace

TEST_CASE("cli: of a kept tree the branches that are named are whole") {
  const std::string text = kept();
  const StartFile file(text);
  const auto echo = file.tree({"--data-dir", "/x", "echo", "hi"});
  REQUIRE(echo.has_value());
  CHECK(echo->find("echo")->arguments.size() == 1);
  CHECK(echo->find("echo")->about == "é\n");
  CHECK(echo->find("db")->about == "the store");
  CHECK(echo->find("db")->subcommands.empty());
  CHECK(file.tree({"db"})->find("db")->subcommands.size() == 1);
  CHECK(file.tree({})->subcommands.size() == 2);
}

TEST_CASE("cli: a kept module is the bytes it was, or not there") {
  const std::string text = kept();
  const StartFile file(text);
  CHECK(file.code("core.echo") == code());
  CHECK(file.code("lib.rpc") == "two");
  CHECK(file.code("empty").empty());
  CHECK(file.code("core").empty());
  for (std::size_t at = text.size() - code().size() - 3; at < text.size(); ++at) {
    std::string damaged = text;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    const StartFile other(damaged);
    CHECK((other.code("core.echo").empty() || other.code("lib.rpc").empty()));
  }
}

TEST_CASE("cli: a kept file that was cut off or is none is as if it were not there") {
  const std::string text = kept();
  for (std::size_t size = 0; size < text.size(); ++size) {
    const std::string cut = text.substr(0, size);
    const StartFile file(cut);
    CHECK((file.code("lib.rpc").empty() || file.code("lib.rpc") == "two"));
    CHECK((file.code("core.echo").empty() || file.code("core.echo") == code()));
    if (const auto tree = file.tree({"echo"})) CHECK(tree->subcommands.size() == 2);
  }
  for (const std::string_view wrong :
       {"", "\n\n", "b 1\n\n", "b x y z\n\n", "m 99999999999 0 a\n\n"})
    CHECK_FALSE(StartFile(wrong).tree({}).has_value());
}

}  // namespace engine::cli
