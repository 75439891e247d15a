#include "archive/text_place.hh"

#include <catch2/catch.hpp>

#include <string_view>

using namespace engine;

TEST_CASE("archive/text_place: counts lines and columns from one", "[archive]") {
  CHECK(archive::show_place("abc", 0) == "line 1, column 1 (byte 0)");
  CHECK(archive::show_place("abc", 3) == "line 1, column 4 (byte 3)");
  CHECK(archive::show_place("a\nbc\n", 3) == "line 2, column 2 (byte 3)");
  CHECK(archive::show_place("a\n", 2) == "line 2, column 1 (byte 2)");
}

TEST_CASE("archive/text_place: finds the value of a field", "[archive]") {
  constexpr std::string_view text =
      "{ \"id\" : \"x\",\n \"images\": {\"main\": {\"arch\": [ \"a\" , 7 ]}, \"m\": null},\n"
      " \"im\": [[1, {\"y\": true}]], \"twice\": 1, \"twice\": 2 }";
  const auto at = [&](std::string_view field) {
    return text.substr(archive::locate_field(text, field), 6);
  };
  CHECK(at("id") == "\"x\",\n ");
  CHECK(at("images.main.arch") == "[ \"a\" ");
  CHECK(at("images.main.arch[1]") == "7 ]}, ");
  CHECK(at("images.m") == "null},");
  CHECK(at("im[0][1].y") == "true}]");
  CHECK(at("twice").starts_with("2 }"));
  // What is missing lies where it would be.
  CHECK(at("title") == "{ \"id\"");
  CHECK(at("images.main.source") == "{\"arch");
  CHECK(at("images.main.arch[9]") == "[ \"a\" ");
  CHECK(archive::locate_field("no JSON", "id") == 0);
}
