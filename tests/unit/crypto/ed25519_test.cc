#include "crypto/ed25519.hh"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

using namespace engine;
using crypto::PublicKey;
using crypto::Signature;
using crypto::SigningKey;

namespace {

template <typename Array>
Array from_hex_array(std::string_view text) {
  const Bytes bytes = from_hex(text).value();
  Array out;
  REQUIRE(bytes.size() == out.size());
  std::ranges::copy(bytes, out.begin());
  return out;
}

SigningKey key_from(std::string_view seed) {
  return SigningKey(from_hex_array<SigningKey::Seed>(seed));
}

constexpr std::string_view kCountingSeed =
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// A signature made by the deterministic key over `message`, checked against its published value.
void check_vector(std::string_view context, const Bytes& message, std::string_view expected) {
  const SigningKey key = key_from(kCountingSeed);
  const Signature signature = key.sign(context, message);
  CHECK(to_hex(signature) == expected);
  CHECK(crypto::verify(key.public_key(), context, message, signature));
}

}  // namespace

TEST_CASE("crypto/ed25519: derives the public key of RFC 8032", "[crypto]") {
  CHECK(to_hex(key_from("833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42")
                   .public_key()
                   .bytes) == "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf");
  CHECK(to_hex(key_from(kCountingSeed).public_key().bytes) ==
        "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8");
}

TEST_CASE("crypto/ed25519: signs RFC 8032's Ed25519ph vector", "[crypto]") {
  const SigningKey key =
      key_from("833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42");
  const Signature signature = key.sign("", as_bytes("abc"));
  CHECK(to_hex(signature) ==
        "98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae41"
        "31f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406");
  CHECK(crypto::verify(key.public_key(), "", as_bytes("abc"), signature));
}

TEST_CASE("crypto/ed25519: signs requests, archives and images as the reference does", "[crypto]") {
  check_vector("registry.example.com",
               from_hex("000000006553f100000000000000002a0000000000000034"
                        "06fb11001b9e1d5fabd71893a18b8db61954b5d5c69eb02011cefa235ef9a056")
                   .value(),
               "9c834c42bad1a5aca75a2ce1558d5e08b8fd25e51ff09e8817b45c218ceb93ce"
               "72c64003ea69957686cfd69f396ab0db2bff3f8aeae815016b7dd0f4dc075807");
  Bytes archive(32, std::byte{0xab});
  const Bytes size = from_hex("0000000000001000").value();
  archive.insert(archive.end(), size.begin(), size.end());
  check_vector("s9pk",
               archive,
               "b9a1846c92a577d136fa27a297babb32fbe79f95b73afa6d0b9cb4ef15c15f04"
               "37c9fc37dbbb2292a73305a762553868f99340df594d84557e904b9b506bc20a");
  check_vector("startos",
               from_hex("d74981efa70a0c880b8d8c1985d075dbcbf679b99a5f9914e5aaf96b831a9e24"
                        "000000000000000b")
                   .value(),
               "b7161d8e3e47cf6121a36f9e32271f6ea17efa9945d783615d752b6c162cb6d7"
               "4d086e4a87f585edab73ed706360ae1ffcf1640bee38172ef4b09a79afaf1d0e");
}

TEST_CASE("crypto/ed25519: refuses another context, message, key or damaged bit", "[crypto]") {
  const SigningKey key = SigningKey::generate();
  const Signature good = key.sign("s9pk", as_bytes("message"));
  REQUIRE(crypto::verify(key.public_key(), "s9pk", as_bytes("message"), good));
  CHECK_FALSE(crypto::verify(key.public_key(), "", as_bytes("message"), good));
  CHECK_FALSE(crypto::verify(key.public_key(), "s9pk", as_bytes("massage"), good));
  CHECK_FALSE(
      crypto::verify(SigningKey::generate().public_key(), "s9pk", as_bytes("message"), good));
  for (std::size_t bit = 0; bit < 512; ++bit) {
    Signature bad = good;
    bad[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    const auto verdict = crypto::verify(key.public_key(), "s9pk", as_bytes("message"), bad);
    INFO("bit " << bit);
    REQUIRE_FALSE(verdict);
    REQUIRE(verdict.error().code == Errc::invalid_signature);
  }
}

TEST_CASE("crypto/ed25519: refuses small-order keys and R parts", "[crypto]") {
  for (std::string_view point :
       {"0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"}) {
    for (unsigned sign : {0U, 0x80U}) {
      PublicKey key{from_hex_array<std::array<std::byte, 32>>(point)};
      key.bytes[31] |= static_cast<std::byte>(sign);
      // With key and R of small order and S = 0 the lenient equation holds for many messages.
      Signature forged{};
      std::ranges::copy(key.bytes, forged.begin());
      CHECK_FALSE(crypto::verify(key, "s9pk", as_bytes("message"), forged));
      const SigningKey honest = SigningKey::generate();
      CHECK_FALSE(crypto::verify(honest.public_key(), "s9pk", as_bytes("message"), forged));
    }
  }
}
