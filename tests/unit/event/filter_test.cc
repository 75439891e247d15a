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
    CHECK(tree.matches({.path = path}) == in_tree);
    CHECK(level.matches({.path = path}) == in_level);
  }
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
                           R"({"include_descendants":"yes"})",
                           R"("job")"}) {
    INFO(text);
    const auto made = Filter::from_json(*engine::json::parse(text));
    REQUIRE_FALSE(made);
    CHECK(made.error().code == Errc::invalid_params);
    CHECK(made.error().message.starts_with("filter"));
  }
}
