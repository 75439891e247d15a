#include "crypto/key_file.hh"

#include "base/file.hh"
#include "crypto/pem.hh"

#include "support/temp_dir.hh"
#include <catch2/catch.hpp>
#include <sys/stat.h>

using namespace engine;

namespace {

// RFC 8410, section 10.3: the same key in both forms of PKCS#8 would differ in length only.
constexpr const char* kShort =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
    "-----END PRIVATE KEY-----\n";

unsigned mode_of(const std::filesystem::path& path) {
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 07777U;
}

}  // namespace

TEST_CASE("crypto/key_file: a new key is its owner's alone, and reads back", "[crypto]") {
  const test::TempDir directory;
  const auto path = directory.path() / "key.pem";
  const mode_t before = ::umask(0);
  const auto made = crypto::create_key_file(path);
  ::umask(before);
  REQUIRE(made);
  CHECK(mode_of(path) == 0600);
  CHECK(crypto::read_key_file(path).value().public_key() == *made);
  const std::string content = read_file(path).value();
  CHECK_FALSE(crypto::create_key_file(path));
  CHECK(read_file(path).value() == content);
}

TEST_CASE("crypto/key_file: both forms of PKCS#8 are read", "[crypto]") {
  const test::TempDir directory;
  const auto path = directory.path() / "key.pem";
  REQUIRE(write_file_atomic(path, kShort, 0600));
  const auto key = crypto::read_key_file(path).value();
  REQUIRE(write_file_atomic(path, crypto::to_pem(key), 0600));
  CHECK(crypto::read_key_file(path).value().public_key() == key.public_key());
}

TEST_CASE("crypto/key_file: a key that others can reach is refused", "[crypto]") {
  const test::TempDir directory;
  const auto path = directory.path() / "key.pem";
  REQUIRE(crypto::create_key_file(path));
  for (const mode_t mode : {0640U, 0604U, 0620U, 0601U, 0644U}) {
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    const auto read = crypto::read_key_file(path);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == Errc::permission_denied);
    CHECK(read.error().hint.find("chmod 600") != std::string::npos);
  }
  for (const mode_t mode : {0600U, 0400U, 0700U}) {
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    CHECK(crypto::read_key_file(path));
  }
}

TEST_CASE("crypto/key_file: what is no key is named, not shown", "[crypto]") {
  const test::TempDir directory;
  const auto path = directory.path() / "key.pem";
  const std::string secret = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp";
  for (const std::string& text :
       {secret, "-----BEGIN PRIVATE KEY-----\n" + secret, std::string(), std::string(20000, 'x')}) {
    REQUIRE(write_file_atomic(path, text, 0600));
    const auto read = crypto::read_key_file(path);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == Errc::pem);
    CHECK(read.error().message.find(path.string()) != std::string::npos);
    CHECK(read.error().message.find("MC4C") == std::string::npos);
  }
  CHECK(crypto::read_key_file(directory.path()).error().code == Errc::pem);
  CHECK(crypto::read_key_file(directory.path() / "none").error().code == Errc::not_found);
  REQUIRE(::mkfifo((directory.path() / "pipe").c_str(), 0600) == 0);
  CHECK(crypto::read_key_file(directory.path() / "pipe").error().code == Errc::pem);
}
