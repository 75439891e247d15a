#include "store/compact.hh"

#include "json/reader.hh"
#include "json/writer.hh"
#include "store/checksum.hh"

#include "support/random_json.hh"
#include <catch2/catch.hpp>

using namespace engine::store;

TEST_CASE("store/compact: finds members and elements as a parser would", "[store]") {
  engine::test::RandomJson random(7);
  for (int i = 0; i < 2000; ++i) {
    const auto value = random.value(4, 6);
    const std::string text = engine::json::write(value);
    if (const auto* members = value.object()) {
      REQUIRE(children_of(text) == members->size());
      for (const auto& [name, member] : *members) {
        const auto found = member_of(text, name);
        REQUIRE(found.has_value());
        REQUIRE(*found == engine::json::write(member));
      }
      REQUIRE_FALSE(member_of(text, "not there").has_value());
    } else if (const auto* elements = value.array()) {
      REQUIRE(children_of(text) == elements->size());
      for (std::size_t k = 0; k < elements->size(); ++k)
        REQUIRE(*element_of(text, k) == engine::json::write((*elements)[k]));
      REQUIRE_FALSE(element_of(text, elements->size()).has_value());
    }
    REQUIRE(compact_text(value, text.size()) == text);
    REQUIRE_FALSE(compact_text(value, text.size() - 1).has_value());
  }
}

TEST_CASE("store/checksum: is CRC-32C and can be continued", "[store]") {
  CHECK(crc32c("123456789") == 0xe3069283U);
  CHECK(crc32c("") == 0);
  CHECK(crc32c("6789", crc32c("12345")) == 0xe3069283U);
}
