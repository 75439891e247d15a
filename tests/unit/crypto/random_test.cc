#include "crypto/random.hh"

#include "crypto/sha256.hh"

#include <catch2/catch.hpp>

#include <set>

using namespace engine;

TEST_CASE("crypto/random: guids are 32 base32 characters and do not repeat", "[crypto]") {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string guid = crypto::make_guid();
    CHECK(guid.size() == 32);
    CHECK(guid.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == std::string::npos);
    CHECK(seen.insert(guid).second);
  }
}

TEST_CASE("crypto/random: secrets compare by content", "[crypto]") {
  CHECK(crypto::equal_secret(as_bytes("same"), as_bytes("same")));
  CHECK_FALSE(crypto::equal_secret(as_bytes("same"), as_bytes("sane")));
  CHECK_FALSE(crypto::equal_secret(as_bytes("same"), as_bytes("same+")));
  CHECK(crypto::equal_secret({}, {}));
}

TEST_CASE("crypto/sha256: gives the standard's digest", "[crypto]") {
  CHECK(to_hex(crypto::sha256(as_bytes("abc"))) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
