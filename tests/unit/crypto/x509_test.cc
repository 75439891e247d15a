#include "crypto/x509.hh"

#include <catch2/catch.hpp>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

using engine::Errc;
namespace crypto = engine::crypto;
namespace fs = std::filesystem;

namespace {

class Directory {
 public:
  Directory() {
    std::string name = "/tmp/mb-x509-XXXXXX";
    path_ = mkdtemp(name.data());
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory() { fs::remove_all(path_); }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

void write(const fs::path& path, const std::string& text) {
  std::ofstream(path) << text;
}

/// The same certificate, but that its time is over.
std::string ended_yesterday(const crypto::Identity& identity) {
  BIO* in = BIO_new_mem_buf(identity.certificate.data(), -1);
  X509* certificate = PEM_read_bio_X509(in, nullptr, nullptr, nullptr);
  BIO* key_in = BIO_new_mem_buf(identity.key.data(), -1);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(key_in, nullptr, nullptr, nullptr);
  X509_time_adj_ex(X509_getm_notBefore(certificate), -3, 0, nullptr);
  X509_time_adj_ex(X509_getm_notAfter(certificate), -1, 0, nullptr);
  X509_sign(certificate, key, EVP_sha256());
  BIO* out = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(out, certificate);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out, &text);
  std::string pem(text, static_cast<std::size_t>(size));
  BIO_free_all(out);
  EVP_PKEY_free(key);
  BIO_free_all(key_in);
  X509_free(certificate);
  BIO_free_all(in);
  return pem;
}

/// What `openssl` says of the certificate.
std::string shown(const fs::path& directory) {
  const fs::path out = directory / "shown";
  const std::string command =
      "openssl x509 -noout -text -in " + (directory / "tls.crt").string() + " > " + out.string();
  REQUIRE(std::system(command.c_str()) == 0);
  std::stringstream text;
  text << std::ifstream(out).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("crypto/x509: makes a pair once and loads it from then on", "[crypto]") {
  const Directory directory;
  const auto made = crypto::load_or_make_identity(directory.path());
  REQUIRE(made);
  struct stat key = {};
  REQUIRE(stat((directory.path() / "tls.key").c_str(), &key) == 0);
  CHECK((key.st_mode & 07777U) == 0600);
  const auto loaded = crypto::load_or_make_identity(directory.path());
  REQUIRE(loaded);
  CHECK(loaded->certificate == made->certificate);
  CHECK(loaded->key == made->key);

  const std::string text = shown(directory.path());
  for (const char* part : {"DNS:localhost",
                           "IP Address:127.0.0.1",
                           "IP Address:0:0:0:0:0:0:0:1",
                           "prime256v1",
                           "ecdsa-with-SHA256",
                           "Version: 3",
                           "TLS Web Server Authentication"}) {
    INFO(part);
    CHECK(text.find(part) != std::string::npos);
  }
}

TEST_CASE("crypto/x509: two pairs differ", "[crypto]") {
  CHECK(crypto::make_identity("a")->key != crypto::make_identity("a")->key);
  CHECK(crypto::make_identity(std::string(200, 'x')));
  CHECK(crypto::make_identity(""));
}

TEST_CASE("crypto/x509: says what is wrong with its files", "[crypto]") {
  const Directory directory;
  const fs::path certificate = directory.path() / "tls.crt";
  const fs::path key = directory.path() / "tls.key";
  const auto made = crypto::load_or_make_identity(directory.path());
  REQUIRE(made);
  std::string expected;
  SECTION("no certificate") {
    fs::remove(certificate);
    expected = "tls.crt is missing beside";
  }
  SECTION("no key") {
    fs::remove(key);
    expected = "tls.key is missing beside";
  }
  SECTION("damaged certificate") {
    write(certificate, made->certificate.substr(0, 300));
    expected = "tls.crt is damaged";
  }
  SECTION("empty certificate") {
    write(certificate, "");
    expected = "tls.crt is damaged";
  }
  SECTION("damaged key") {
    write(key, "no key");
    expected = "tls.key is damaged";
  }
  SECTION("a key of another") {
    write(key, crypto::make_identity("other")->key);
    expected = "does not belong to";
  }
  SECTION("expired") {
    write(certificate, ended_yesterday(*made));
    expected = "has expired on";
  }
  const auto loaded = crypto::load_or_make_identity(directory.path());
  REQUIRE_FALSE(loaded);
  CHECK(loaded.error().code == Errc::pem);
  INFO(loaded.error().message);
  CHECK(loaded.error().message.find(expected) != std::string::npos);
  CHECK_FALSE(loaded.error().hint.empty());
}

TEST_CASE("crypto/x509: a directory that cannot be written is an error", "[crypto]") {
  CHECK_FALSE(crypto::load_or_make_identity("/proc/nowhere"));
}
