#include "http/tls_context.hh"

#include "base/defer.hh"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <string_view>

namespace engine::http {
namespace {

using Bio = std::unique_ptr<BIO, decltype([](BIO* bio) { ::BIO_free_all(bio); })>;
using Certificate = std::unique_ptr<X509, decltype([](X509* one) { ::X509_free(one); })>;
using Key = std::unique_ptr<EVP_PKEY, decltype([](EVP_PKEY* key) { ::EVP_PKEY_free(key); })>;

Bio reader(std::string_view text) {
  return Bio(::BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

tl::unexpected<Error> tls_error(std::string_view what) {
  char reason[256] = "no reason given";
  if (const unsigned long code = ::ERR_get_error(); code != 0) {
    ::ERR_error_string_n(code, reason, sizeof reason);
  }
  ::ERR_clear_error();
  return fail(Error{.code = Errc::openssl, .message = std::string(what), .debug = reason});
}

int select_http(SSL*,
                const unsigned char** out,
                unsigned char* out_size,
                const unsigned char* in,
                unsigned in_size,
                void*) {
  static constexpr unsigned char kOffered[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  const int found =
      ::SSL_select_next_proto(&chosen, out_size, kOffered, sizeof kOffered - 1, in, in_size);
  *out = chosen;
  // A client that offers others only (h2) gets none instead of an alert, and finds out by itself.
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

Result<> use_identity(SSL_CTX* context, const crypto::Identity& identity) {
  const Bio chain = reader(identity.certificate);
  const Certificate leaf(::PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr));
  if (!leaf || ::SSL_CTX_use_certificate(context, leaf.get()) != 1) {
    return tls_error("OpenSSL does not take the TLS certificate");
  }
  while (X509* next = ::PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr)) {
    if (::SSL_CTX_add0_chain_cert(context, next) == 1) continue;
    ::X509_free(next);
    return tls_error("OpenSSL does not take the chain of the TLS certificate");
  }
  ::ERR_clear_error();  // the end of the chain is an error to PEM_read_bio
  const Key key(::PEM_read_bio_PrivateKey(reader(identity.key).get(), nullptr, nullptr, nullptr));
  if (!key || ::SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return tls_error("OpenSSL does not take the TLS key");
  }
  if (::SSL_CTX_check_private_key(context) != 1) {
    return tls_error("the TLS key does not belong to the certificate");
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<TlsContext>> TlsContext::make(const crypto::Identity& identity,
                                                     bool alpn_http) {
  SSL_CTX* raw = ::SSL_CTX_new(::TLS_server_method());
  if (raw == nullptr) return tls_error("cannot set up TLS");
  std::shared_ptr<TlsContext> context(new TlsContext(raw));
  ::SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  ::SSL_CTX_set_options(raw,
                        SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                            SSL_OP_IGNORE_UNEXPECTED_EOF);
  ::SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  ::SSL_CTX_set_num_tickets(raw, 0);
  ::SSL_CTX_set_mode(raw,
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                         SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  ::SSL_CTX_set_read_ahead(raw, 1);
  if (alpn_http) ::SSL_CTX_set_alpn_select_cb(raw, &select_http, nullptr);
  TRY(use_identity(raw, identity));
  return context;
}

TlsContext::~TlsContext() {
  ::SSL_CTX_free(context_);
}

}  // namespace engine::http
