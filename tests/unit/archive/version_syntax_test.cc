#include "archive/version_syntax.hh"

#include <catch2/catch.hpp>

#include <string>

using namespace engine;

TEST_CASE("archive/version_syntax: plain and extended versions", "[archive]") {
  for (const char* text : {"1", "1.2.3", "0.4.0-alpha.1", "01.2", "1-0", "18446744073709551615"})
    CHECK(archive::is_plain_version(text));
  for (const char* text :
       {"", "1.", ".1", "1-", "1-01", "1-a..b", "v1", "1 ", " 1", "18446744073709551616", "1:0"})
    CHECK_FALSE(archive::is_plain_version(text));
  for (const char* text : {"1.2.3:0", "#knots:29.3:1", "01.002:0", "1.0-rc.1:0-beta", "#:1:0"})
    CHECK(archive::is_extended_version(text));
  for (const char* text : {"1.2.3", "1.2.3:4:5", "#K:1:0", "1:", ":1", "#knots:1", "1:0 "})
    CHECK_FALSE(archive::is_extended_version(text));
}

TEST_CASE("archive/version_syntax: ranges", "[archive]") {
  for (const char* text : {"*",
                           "!",
                           "!!",
                           "#knots",
                           "#",
                           "1.2",
                           "~1.2:3",
                           ">= 1.2",
                           ">=1:0&&<2:0",
                           ">=1 <2",
                           "!(>=1:0 && <2:0)",
                           "!=1 || =2",
                           "=7 || (>=2 && <3)",
                           "(^29 || ^#knots:29) && !=29.3",
                           "( 1 )",
                           "! 1"})
    CHECK(archive::is_version_range(text));
  for (const char* text : {"", " 1", "1 ", "(1", "1)", ">=", "&& 1", "1 &&", "1 | 2", "abc", "1:a"})
    CHECK_FALSE(archive::is_version_range(text));
}

TEST_CASE("archive/version_syntax: hostile ranges end soon", "[archive]") {
  std::string nested;
  for (int i = 0; i < 60; ++i)
    nested += "!(";
  CHECK_FALSE(archive::is_version_range(nested));
  CHECK_FALSE(archive::is_version_range(std::string(100000, '(')));
  CHECK_FALSE(archive::is_version_range(std::string(100000, '!')));
}
