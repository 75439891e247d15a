#include "event/filter.hh"

#include "json/reader.hh"

#include <catch2/catch.hpp>

using engine::Errc;
using engine::event::Event;
using engine::event::Filter;

namespace {

Filter filter(std::string_view text) {
  auto made = Filter::from_json(*engine::json::parse(text));
  REQUIRE(made);
  return *made;
}

}  // namespace

TEST_CASE("event/filter: fields must all match, alternatives within one are enough") {
  const Filter wanted = filter(R"({"type":["job","script.*"],"level":"warn","package":"a"})");
  Event event{.type = "job", .level = engine::log::Level::error, .package = "a"};
  CHECK(wanted.matches(event));
  event.type = "script.reloaded";
  CHECK(wanted.matches(event));
  event.type = "scripts";
  CHECK_FALSE(wanted.matches(event));
  event.type = "job";
  event.level = engine::log::Level::info;
  CHECK_FALSE(wanted.matches(event));
  event.level = engine::log::Level::warn;
  event.package = "";
  CHECK_FALSE(wanted.matches(event));
}

TEST_CASE("event/filter: a target is a dotted prefix") {
  const Filter wanted = filter(R"({"targets":["service"]})");
  CHECK(wanted.matches({.target = "service"}));
  CHECK(wanted.matches({.target = "service.hello"}));
  CHECK_FALSE(wanted.matches({.target = "services"}));
  CHECK_FALSE(wanted.matches({}));
}

TEST_CASE("event/filter: a path scope goes by components") {
  const Filter tree = filter(R"({"path_scope":"/a/b"})");
  const Filter level = filter(R"({"path_scope":"/a/b/","include_descendants":false})");
  for (const auto& [path, in_tree, in_level] : {std::tuple{"/a/b", true, true},
                                                std::tuple{"/a/b/c", true, true},
                                                std::tuple{"/a/b/c/d", true, false},
                                                std::tuple{"/a/bc", false, false},
                                                std::tuple{"/a", false, false},
                                                std::tuple{"", false, false}}) {
    INFO(path);
    CHECK(tree.matches({.paths = {path}}) == in_tree);
    CHECK(level.matches({.paths = {path}}) == in_level);
    CHECK(tree.matches({.paths = {"/elsewhere", path}}) == in_tree);
  }
}

TEST_CASE("event/filter: lenient scopes let events without paths through") {
  const Filter wanted = filter(R"({"pathScope":"/a","pathLenient":true})");
  CHECK(wanted.matches({}));
  CHECK(wanted.matches({.paths = {"/a/b"}}));
  CHECK_FALSE(wanted.matches({.paths = {"/b"}}));
  CHECK_FALSE(filter(R"({"pathScope":"/a"})").matches({}));
}

TEST_CASE("event/filter: equal filters are written alike") {
  CHECK(filter(R"({"type":["b","a"]})").canonical() ==
        filter(R"({"types":["a","b"]})").canonical());
  CHECK(filter(R"({"type":["ab"]})").canonical() != filter(R"({"type":["a","b"]})").canonical());
  CHECK(filter(R"({"type":"a"})").canonical() != filter(R"({"target":"a"})").canonical());
  CHECK(filter(R"({"pathScope":"/a"})").canonical() !=
        filter(R"({"path_scope":"/a","include_descendants":false})").canonical());
}

TEST_CASE("event/filter: nothing asked matches everything") {
  for (const char* text : {"{}", "null", "[]", R"({"type":{}})"})
    CHECK(filter(text).matches({}));
}

TEST_CASE("event/filter: names the member that is wrong") {
  for (const char* text : {R"({"typ":"x"})",
                           R"({"type":1})",
                           R"({"type":[1]})",
                           R"({"level":"loud"})",
                           R"({"path_scope":1})",
                           R"({"path_scope":"public"})",
                           R"({"include_descendants":"yes"})",
                           R"("job")"}) {
    INFO(text);
    const auto made = Filter::from_json(*engine::json::parse(text));
    REQUIRE_FALSE(made);
    CHECK(made.error().code == Errc::invalid_params);
    CHECK(made.error().message.starts_with("filter"));
  }
}

TEST_CASE("event/filter: what is told aside is for those who name its level") {
  const engine::event::Event line{.type = "log", .level = engine::log::Level::debug, .aside = true};
  CHECK_FALSE(Filter{}.matches(line));
  CHECK_FALSE(Filter{.level = engine::log::Level::info}.matches(line));
  CHECK(Filter{.level = engine::log::Level::debug}.matches(line));
  CHECK(Filter{}.canonical() != Filter{.level = engine::log::Level::trace}.canonical());
}
