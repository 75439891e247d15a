#include "archive/commitment.hh"

#include "base/file.hh"
#include "crypto/ed25519.hh"
#include "json/reader.hh"

#include "unit/archive/vectors.hh"
#include <catch2/catch.hpp>

using namespace engine;

TEST_CASE("archive/commitment: hex and base64, padded or not, name one hash", "[archive]") {
  const auto commitment = vectors::open("valid/01-one-file.s9pk")->commitment();
  CHECK(commitment.sighash_base64() == "XcxuqZeqH0887+NHfLaAYWnypVt4sDrpNHH8epgJA1Q");
  for (const std::string& text : {commitment.sighash_base64(),
                                  commitment.sighash_base64() + "=",
                                  commitment.sighash_hex(),
                                  std::string("5DCC6EA997AA1F4F3CEFE3477CB6806169F2A55B78B03AE93471"
                                              "FC7A98090354")}) {
    CHECK(archive::parse_root_sighash(text) == commitment.root_sighash);
  }
  for (const char* text : {"", "abcd", "!!", "5dcc6ea997aa1f4f3cefe3477cb68061"})
    CHECK(archive::parse_root_sighash(text).error().code == Errc::deserialization);
}

TEST_CASE("archive/commitment: a header signature is a registry signature", "[archive]") {
  const auto worked = json::parse(vectors::content("keys/commitments.json")).value();
  const json::Value& row = *worked.find("merkleArchive");
  const auto package = vectors::open("valid/01-one-file.s9pk");
  CHECK(to_hex(package->commitment().message()) == row.string_or("digestInputHex", ""));
  CHECK(to_hex(package->signature()) == row.string_or("signatureHex", ""));
  CHECK(crypto::verify(package->signer(),
                       archive::kSignatureContext,
                       package->commitment().message(),
                       package->signature()));
}
