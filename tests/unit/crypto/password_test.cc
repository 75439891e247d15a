#include "crypto/password.hh"

#include <catch2/catch.hpp>

using namespace engine;

namespace {

constexpr crypto::PasswordCost kCheap{.passes = 1, .memory = 64UL << 10U};

}  // namespace

TEST_CASE("crypto/password: a hash accepts its password and no other", "[crypto]") {
  const std::string encoded = crypto::hash_password("correct horse", kCheap).value();
  CHECK(crypto::verify_password(encoded, "correct horse").value());
  CHECK_FALSE(crypto::verify_password(encoded, "correct horsf").value());
  CHECK_FALSE(crypto::verify_password(encoded, "").value());
  CHECK(crypto::hash_password("correct horse", kCheap).value() != encoded);
}

TEST_CASE("crypto/password: the default is RFC 9106's low-memory profile", "[crypto]") {
  const std::string encoded = crypto::hash_password("correct horse").value();
  CHECK(encoded.starts_with("$argon2id$v=19$m=65536,t=3,p=1$"));
}

TEST_CASE("crypto/password: takes a hash that others made in four lanes", "[crypto]") {
  const std::string encoded =
      "$argon2id$v=19$m=65536,t=3,p=4$MDEyMzQ1Njc4OWFiY2RlZg$"
      "L1b1NjppUoj/KIEORq1pof4waLxklM0mqKZzt9nCsKI";
  CHECK(crypto::verify_password(encoded, "correct horse").value());
  CHECK_FALSE(crypto::verify_password(encoded, "wrong horse").value());
}

TEST_CASE("crypto/password: what is no hash is told from a wrong password", "[crypto]") {
  for (const char* bad : {"", "plain", "$argon2id$", "$argon2i$v=19$m=65536,t=3,p=1$AAAA$BBBB"}) {
    INFO(bad);
    const auto verdict = crypto::verify_password(bad, "x");
    REQUIRE_FALSE(verdict);
    CHECK(verdict.error().code == Errc::deserialization);
  }
}
