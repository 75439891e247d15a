#include "base/errc.hh"

#include <catch2/catch.hpp>

#include <set>
#include <string>

using namespace engine;

TEST_CASE("base/errc: every kind has a row that leads back to it", "[base]") {
  std::set<std::string_view> kinds;
  for (const ErrcInfo& row : errc_table()) {
    INFO(row.kind);
    CHECK(errc_from_kind(row.kind) == row.code);
    CHECK(&errc_info(row.code) == &row);
    CHECK(kinds.insert(row.kind).second);
    CHECK(row.label_key.starts_with("error."));
    CHECK_FALSE(row.label.empty());
    CHECK(row.exit_code > 0);
  }
}

TEST_CASE("base/errc: numbers of the protocol mean what they say", "[base]") {
  CHECK(errc_from_number(-32601) == Errc::method_not_found);
  CHECK(errc_from_number(-32602) == Errc::invalid_params);
  CHECK(errc_from_number(71) == Errc::timeout);
  CHECK(errc_from_number(424242) == Errc::unknown);
  CHECK(errc_from_kind("no such kind") == Errc::unknown);
}

TEST_CASE("base/errc: the five codes are spelt as on the wire", "[base]") {
  CHECK(five_code_name(errc_info(Errc::busy).five) == "Busy");
  CHECK(five_code_name(errc_info(Errc::not_found).five) == "NotFound");
  CHECK(five_code_name(errc_info(Errc::timeout).five) == "InternalError");
}
