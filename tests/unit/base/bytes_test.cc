#include "base/bytes.hh"

#include <catch2/catch.hpp>

using namespace engine;

TEST_CASE("base/bytes: hex goes both ways and names the place of a wrong digit", "[base]") {
  const Bytes bytes = {std::byte{0x00}, std::byte{0x9f}, std::byte{0xff}};
  CHECK(to_hex(bytes) == "009fff");
  CHECK(from_hex("009FFf").value() == bytes);
  const auto wrong = from_hex("00g0");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code == Errc::deserialization);
  CHECK(wrong.error().message.find("offset 2") != std::string::npos);
  CHECK_FALSE(from_hex("abc"));
}

TEST_CASE("base/bytes: base64 and base32 give the vectors of RFC 4648", "[base]") {
  CHECK(to_base64(as_bytes("foob")) == "Zm9vYg==");
  CHECK(to_base64(as_bytes("foob"), false) == "Zm9vYg");
  CHECK(to_base64(as_bytes("foobar")) == "Zm9vYmFy");
  CHECK(to_base32(as_bytes("fooba")) == "MZXW6YTB");
  CHECK(to_base32(as_bytes("foo")) == "MZXW6");
}

TEST_CASE("base/bytes: base64 is read with and without padding, and nothing else is", "[base]") {
  for (const char* text : {"Zm9vYg==", "Zm9vYg=", "Zm9vYg"}) {
    CHECK(as_text(from_base64(text).value()) == "foob");
  }
  for (const char* text : {"Zm9vY", "Zm9v*g", "Zm9vYh"})
    CHECK_FALSE(from_base64(text));
}
