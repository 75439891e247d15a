#include "crypto/pem.hh"

#include "base/defer.hh"
#include "crypto/random.hh"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace engine::crypto {
namespace {

// The DER of these few fixed-length structures is constant but for the key bytes, and OpenSSL 3.0
// refuses version 2 of PKCS#8; so OpenSSL does the PEM armour and the prefixes stand here.
constexpr std::string_view kPublicPrefix("\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", 12);
constexpr std::string_view kSignaturePrefix("\x30\x49\x30\x05\x06\x03\x2b\x65\x70\x04\x40", 11);
constexpr std::string_view kPrivateV1Prefix(
    "\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20", 16);
constexpr std::string_view kPrivateV2Prefix(
    "\x30\x51\x02\x01\x01\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20", 16);
constexpr std::string_view kPrivateV2Middle("\x81\x21\x00", 3);
constexpr std::size_t kMaxText = 16384;

using Bio = std::unique_ptr<BIO, decltype([](BIO* bio) { ::BIO_free_all(bio); })>;

std::string armour(const char* label, std::string_view der) {
  const Bio bio(::BIO_new(::BIO_s_mem()));
  const int done = ::PEM_write_bio(bio.get(),
                                   label,
                                   "",
                                   reinterpret_cast<const unsigned char*>(der.data()),
                                   static_cast<long>(der.size()));
  if (done <= 0) return {};  // only when memory runs out
  char* text = nullptr;
  const long length = ::BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(length)};
}

Error pem_error(std::string_view what, std::string_view label) {
  return Error{
      .code = Errc::pem,
      .message = "not an Ed25519 key or signature in PEM form: " + std::string(what),
      .hint = "the text must hold one \"-----BEGIN " + std::string(label) + "-----\" block"};
}

/// The DER inside the only block of `text`. `der` is overwritten by the caller if it is secret.
Result<Bytes> strip_armour(std::string_view text, std::string_view label) {
  if (text.size() > kMaxText) return fail(pem_error("the text is too long", label));
  const Bio bio(::BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long length = 0;
  if (::PEM_read_bio(bio.get(), &name, &header, &data, &length) != 1) {
    ::ERR_clear_error();
    return fail(pem_error("no complete PEM block found", label));
  }
  const auto size = static_cast<std::size_t>(length);
  const Defer release([&] {
    ::OPENSSL_free(name);
    ::OPENSSL_free(header);
    ::OPENSSL_clear_free(data, size);
  });
  if (label != name) return fail(pem_error("the block is a \"" + std::string(name) + "\"", label));
  if (header[0] != '\0') return fail(pem_error("encrypted blocks are not supported", label));
  const auto* first = reinterpret_cast<const std::byte*>(data);
  return Bytes(first, first + size);
}

template <std::size_t N>
std::array<std::byte, N> take(ByteView der, std::size_t offset) {
  std::array<std::byte, N> out;
  std::ranges::copy(der.subspan(offset, N), out.begin());
  return out;
}

template <std::size_t N>
Result<std::array<std::byte, N>> parse_fixed(std::string_view text,
                                             std::string_view label,
                                             std::string_view prefix) {
  TRY_ASSIGN(const Bytes der, strip_armour(text, label));
  if (der.size() != prefix.size() + N || !as_text(der).starts_with(prefix)) {
    return fail(pem_error("the content is not of type Ed25519", label));
  }
  return take<N>(der, prefix.size());
}

std::string joined(std::string_view prefix, ByteView bytes) {
  return std::string(prefix).append(as_text(bytes));
}

Result<SigningKey> parse_private(ByteView der) {
  const std::string_view text = as_text(der);
  const bool v1 = der.size() == 48 && text.starts_with(kPrivateV1Prefix);
  const bool v2 = der.size() == 83 && text.starts_with(kPrivateV2Prefix) &&
                  text.substr(48, 3) == kPrivateV2Middle;
  if (!v1 && !v2) return fail(pem_error("the content is not of type Ed25519", "PRIVATE KEY"));
  SigningKey::Seed seed = take<32>(der, 16);
  SigningKey key(seed);
  wipe(seed);
  if (v2 && key.public_key().bytes != take<32>(der, 51)) {
    return fail(pem_error("its public half does not belong to its private half", "PRIVATE KEY"));
  }
  return key;
}

}  // namespace

std::string to_pem(const PublicKey& key) {
  return armour("PUBLIC KEY", joined(kPublicPrefix, key.bytes));
}

std::string to_pem(const Signature& signature) {
  return armour("SIGNATURE", joined(kSignaturePrefix, signature));
}

std::string to_pem(const SigningKey& key) {
  std::string der = joined(kPrivateV2Prefix, key.seed());
  der.append(kPrivateV2Middle).append(as_text(key.public_key().bytes));
  std::string text = armour("PRIVATE KEY", der);
  ::OPENSSL_cleanse(der.data(), der.size());
  return text;
}

Result<PublicKey> public_key_from_pem(std::string_view text) {
  TRY_ASSIGN(const auto bytes, parse_fixed<32>(text, "PUBLIC KEY", kPublicPrefix));
  return PublicKey{bytes};
}

Result<Signature> signature_from_pem(std::string_view text) {
  return parse_fixed<64>(text, "SIGNATURE", kSignaturePrefix);
}

Result<SigningKey> signing_key_from_pem(std::string_view text) {
  TRY_ASSIGN(Bytes der, strip_armour(text, "PRIVATE KEY"));
  auto key = parse_private(der);
  wipe(der);
  return key;
}

}  // namespace engine::crypto
