#include "crypto/x509.hh"

#include "base/bytes.hh"
#include "base/file.hh"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <memory>

namespace engine::crypto {
namespace {

constexpr long kDays = 3650;
constexpr std::size_t kMaxFile = 256UL << 10U;

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, Deleter<&::BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Deleter<&::X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Deleter<&::EVP_PKEY_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Deleter<&::X509_EXTENSION_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Deleter<&::GENERAL_NAMES_free>>;

tl::unexpected<Error> openssl_error(std::string_view what) {
  std::array<char, 256> reason = {};
  ::ERR_error_string_n(::ERR_get_error(), reason.data(), reason.size());
  ::ERR_clear_error();
  return fail(Error{.code = Errc::openssl, .message = std::string(what), .debug = reason.data()});
}

std::string take_text(const Bio& bio) {
  char* text = nullptr;
  const long size = ::BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

Bio reader(std::string_view text) {
  return Bio(::BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Certificate parse_certificate(std::string_view pem) {
  Certificate certificate(::PEM_read_bio_X509(reader(pem).get(), nullptr, nullptr, nullptr));
  ::ERR_clear_error();
  return certificate;
}

// A key under a password asks for it at the terminal, which a daemon must not.
Key parse_key(std::string_view pem) {
  const auto no_password = [](char*, int, int, void*) { return 0; };
  Key key(::PEM_read_bio_PrivateKey(reader(pem).get(), nullptr, no_password, nullptr));
  ::ERR_clear_error();
  return key;
}

void add_dns(GENERAL_NAMES* names, const std::string& name) {
  ASN1_IA5STRING* text = ::ASN1_IA5STRING_new();
  ::ASN1_STRING_set(text, name.data(), static_cast<int>(name.size()));
  GENERAL_NAME* entry = ::GENERAL_NAME_new();
  ::GENERAL_NAME_set0_value(entry, GEN_DNS, text);
  sk_GENERAL_NAME_push(names, entry);
}

void add_address(GENERAL_NAMES* names, const char* address) {
  ASN1_OCTET_STRING* bytes = ::a2i_IPADDRESS(address);
  GENERAL_NAME* entry = ::GENERAL_NAME_new();
  ::GENERAL_NAME_set0_value(entry, GEN_IPADD, bytes);
  sk_GENERAL_NAME_push(names, entry);
}

bool add_names(X509* certificate, const std::string& host_name) {
  const Names names(sk_GENERAL_NAME_new_null());
  if (!host_name.empty() && host_name != "localhost") add_dns(names.get(), host_name);
  add_dns(names.get(), "localhost");
  add_address(names.get(), "127.0.0.1");
  add_address(names.get(), "::1");
  return ::X509_add1_ext_i2d(
             certificate, NID_subject_alt_name, names.get(), 0, X509V3_ADD_DEFAULT) == 1;
}

bool add_extension(X509* certificate, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  ::X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const Extension extension(::X509V3_EXT_conf_nid(nullptr, &context, kind, value));
  return extension && ::X509_add_ext(certificate, extension.get(), -1) == 1;
}

/// A positive number of 127 random bits, as the web's rules want it.
bool set_serial(X509* certificate) {
  std::array<unsigned char, 16> bytes;
  if (::RAND_bytes(bytes.data(), bytes.size()) != 1) return false;
  bytes[0] &= 0x7F;
  bytes[0] |= 0x40;
  BIGNUM* number = ::BN_bin2bn(bytes.data(), bytes.size(), nullptr);
  const bool done = ::BN_to_ASN1_INTEGER(number, ::X509_get_serialNumber(certificate)) != nullptr;
  ::BN_free(number);
  return done;
}

bool fill(X509* certificate, EVP_PKEY* key, const std::string& host_name) {
  X509_NAME* subject = ::X509_get_subject_name(certificate);
  // The common name has room for 64 characters; the name that counts is among the alternatives.
  const std::string common = host_name.empty() ? "localhost" : host_name.substr(0, 64);
  const auto add = [&](const char* field, const std::string& value) {
    return ::X509_NAME_add_entry_by_txt(subject,
                                        field,
                                        MBSTRING_UTF8,
                                        reinterpret_cast<const unsigned char*>(value.data()),
                                        static_cast<int>(value.size()),
                                        -1,
                                        0) == 1;
  };
  return ::X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
         add("O", "moonbox") && add("CN", common) &&
         ::X509_set_issuer_name(certificate, subject) == 1 &&
         // A day back, for clients whose clock is behind.
         ::X509_time_adj_ex(::X509_getm_notBefore(certificate), -1, 0, nullptr) != nullptr &&
         ::X509_time_adj_ex(::X509_getm_notAfter(certificate), kDays, 0, nullptr) != nullptr &&
         ::X509_set_pubkey(certificate, key) == 1 && add_names(certificate, host_name) &&
         // It signs itself, so that a client may be told to trust it as its own authority.
         add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
         add_extension(certificate, NID_key_usage, "critical,digitalSignature,keyCertSign") &&
         add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
         add_extension(certificate, NID_subject_key_identifier, "hash") &&
         ::X509_sign(certificate, key, ::EVP_sha256()) > 0;
}

constexpr std::string_view kMend =
    "put matching files back, or remove both tls.crt and tls.key: a new pair is made at the next "
    "start (clients that pinned the old certificate must be told)";

tl::unexpected<Error> damaged(std::string message) {
  return fail(Error{.code = Errc::pem, .message = std::move(message), .hint = std::string(kMend)});
}

std::string text_of(const ASN1_TIME* time) {
  const Bio bio(::BIO_new(::BIO_s_mem()));
  ::ASN1_TIME_print(bio.get(), time);
  return take_text(bio);
}

Result<> check_pair(const Identity& identity,
                    const std::filesystem::path& certificate_file,
                    const std::filesystem::path& key_file) {
  const Certificate certificate = parse_certificate(identity.certificate);
  if (!certificate) {
    return damaged(certificate_file.string() + " is damaged: it holds no certificate in PEM form");
  }
  const Key key = parse_key(identity.key);
  if (!key) {
    return damaged(key_file.string() +
                   " is damaged: it holds no private key in PEM form (or one under a password)");
  }
  if (::X509_check_private_key(certificate.get(), key.get()) != 1) {
    ::ERR_clear_error();
    return damaged(key_file.string() + " does not belong to " + certificate_file.string());
  }
  if (::X509_cmp_current_time(::X509_get0_notAfter(certificate.get())) < 0) {
    return damaged(certificate_file.string() + " has expired on " +
                   text_of(::X509_get0_notAfter(certificate.get())));
  }
  if (::X509_cmp_current_time(::X509_get0_notBefore(certificate.get())) > 0) {
    return damaged(certificate_file.string() + " is not valid before " +
                   text_of(::X509_get0_notBefore(certificate.get())) +
                   " (is this machine's clock right?)");
  }
  return {};
}

std::string host_name() {
  std::array<char, HOST_NAME_MAX + 1> name = {};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

}  // namespace

Result<Identity> make_identity(const std::string& host_name) {
  const Key key(::EVP_EC_gen("P-256"));
  const Certificate certificate(::X509_new());
  if (!key || !certificate || !fill(certificate.get(), key.get(), host_name)) {
    return openssl_error("cannot make a certificate");
  }
  const Bio public_part(::BIO_new(::BIO_s_mem()));
  const Bio private_part(::BIO_new(::BIO_s_secmem()));
  if (::PEM_write_bio_X509(public_part.get(), certificate.get()) != 1 ||
      ::PEM_write_bio_PKCS8PrivateKey(
          private_part.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return openssl_error("cannot write a certificate");
  }
  return Identity{.certificate = take_text(public_part), .key = take_text(private_part)};
}

Result<Identity> load_or_make_identity(const std::filesystem::path& directory) {
  const auto certificate_file = directory / "tls.crt";
  const auto key_file = directory / "tls.key";
  std::error_code ignored;
  const bool has_certificate = std::filesystem::exists(certificate_file, ignored);
  const bool has_key = std::filesystem::exists(key_file, ignored);
  if (!has_certificate && !has_key) {
    TRY_ASSIGN(Identity made, make_identity(host_name()));
    // The key first: a certificate alone would be taken for a lost key.
    TRY(write_file_atomic(key_file, made.key, 0600));
    TRY(write_file_atomic(certificate_file, made.certificate, 0644));
    return made;
  }
  if (!has_certificate || !has_key) {
    return damaged(fmt::format("{} is missing beside {}",
                               (has_key ? certificate_file : key_file).string(),
                               (has_key ? key_file : certificate_file).string()));
  }
  Identity identity;
  TRY_ASSIGN(identity.certificate, read_file(certificate_file, kMaxFile));
  TRY_ASSIGN(identity.key, read_file(key_file, kMaxFile));
  TRY(check_pair(identity, certificate_file, key_file));
  return identity;
}

}  // namespace engine::crypto
