#include "base/nearest.hh"

#include <catch2/catch.hpp>

using engine::edit_distance;
using engine::nearest;

TEST_CASE("base/nearest: counts letters put in, taken out, changed and swapped") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("abc", "abc") == 0);
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("pakage", "package") == 1);
  CHECK(edit_distance("pacakge", "package") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("base/nearest: proposes what is near and nothing that is far") {
  const std::vector<std::string> known = {"package", "server", "backup", "db"};
  CHECK(nearest("pakage", known) == "package");
  CHECK(nearest("sever", known) == "server");
  CHECK(nearest("pack", known) == "package");
  CHECK(nearest("bd", known) == "db");
  CHECK_FALSE(nearest("frobnicate", known));
  CHECK_FALSE(nearest("", known));
  CHECK_FALSE(nearest(std::string(100'000'000, 'a'), known));  // at once
}
