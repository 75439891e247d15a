#include "archive/pattern.hh"

#include <catch2/catch.hpp>

#include <string>

using namespace engine;

TEST_CASE("archive/pattern: finds an expression anywhere in a text", "[archive]") {
  CHECK(archive::search_pattern("RTX [34]0\\d\\d", "NVIDIA GeForce RTX 3090 Ti").value());
  CHECK(archive::search_pattern("(?i)nvidia", "NVIDIA").value());
  CHECK(archive::search_pattern("", "anything").value());
  CHECK_FALSE(archive::search_pattern("^GeForce", "NVIDIA GeForce").value());
}

TEST_CASE("archive/pattern: says what is wrong with an expression", "[archive]") {
  CHECK(archive::check_pattern("Intel|AMD"));
  CHECK_THAT(archive::check_pattern("a(b").error().message, Catch::Contains("missing )"));
  CHECK_FALSE(archive::check_pattern("a**"));
  CHECK_FALSE(archive::check_pattern("(?=look)"));
  CHECK_FALSE(archive::check_pattern("\xff"));
  CHECK_FALSE(archive::search_pattern("[", "text"));
}

TEST_CASE("archive/pattern: hostile expressions end soon", "[archive]") {
  const std::string text(100000, 'a');
  CHECK_FALSE(archive::search_pattern("(a*)*b", text).value());
  CHECK_FALSE(archive::search_pattern("(a|aa)+$b", text).value());
  CHECK_FALSE(archive::check_pattern("((a{1000}){1000}){1000}"));
  CHECK_FALSE(archive::check_pattern(std::string(100000, '(')));
}
