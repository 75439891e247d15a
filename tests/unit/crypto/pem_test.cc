#include "crypto/pem.hh"

#include "base/file.hh"

#include <catch2/catch.hpp>

#include <filesystem>
#include <string>

using namespace engine;
namespace fs = std::filesystem;

namespace {

std::string key_file(const std::string& name) {
  return read_file(fs::path(MOONBOX_SOURCE_DIR) / "tests/data/s9pk/keys" / name).value();
}

}  // namespace

TEST_CASE("crypto/pem: reads and writes the reference's files byte for byte", "[crypto]") {
  const auto key = crypto::signing_key_from_pem(key_file("shared-1.private-v2.pem"));
  REQUIRE(key);
  CHECK(crypto::to_pem(*key) == key_file("shared-1.private-v2.pem"));
  CHECK(crypto::to_pem(key->public_key()) == key_file("shared-1.public.pem"));
  const auto short_form = crypto::signing_key_from_pem(key_file("shared-1.private-v1.pem"));
  REQUIRE(short_form);
  CHECK(short_form->seed() == key->seed());
  CHECK(crypto::public_key_from_pem(key_file("shared-1.public.pem")) == key->public_key());
}

TEST_CASE("crypto/pem: reads and writes signatures", "[crypto]") {
  const std::string text = key_file("01-one-file.signature.pem");
  const auto signature = crypto::signature_from_pem(text);
  REQUIRE(signature);
  CHECK(to_hex(*signature).starts_with("aa9c2bb04947c210"));
  CHECK(crypto::to_pem(*signature) == text);
}

TEST_CASE("crypto/pem: refuses what is not one Ed25519 block of the right kind", "[crypto]") {
  for (const std::string& text :
       {std::string(),
        std::string("hello"),
        std::string(20000, '-'),
        key_file("shared-1.public.pem"),
        key_file("01-one-file.signature.pem"),
        key_file("shared-1.private-v2.pem").substr(0, 100),
        std::string("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")}) {
    const auto key = crypto::signing_key_from_pem(text);
    REQUIRE_FALSE(key);
    CHECK(key.error().code == Errc::pem);
    CHECK_FALSE(key.error().hint.empty());
  }
}

TEST_CASE("crypto/pem: refuses a private key whose public half is another key's", "[crypto]") {
  std::string text = key_file("shared-1.private-v2.pem");
  const auto at = text.find("Knedeu");
  REQUIRE(at != std::string::npos);
  text.replace(at, 6, "Knedev");
  CHECK(crypto::signing_key_from_pem(text).error().code == Errc::pem);
}
