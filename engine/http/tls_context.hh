#pragma once

#include "base/result.hh"
#include "crypto/x509.hh"

#include <memory>

struct ssl_ctx_st;

namespace engine::http {

/// The server side of TLS 1.2 and 1.3 with one certificate: no session resumption, no
/// renegotiation, no compression. Shared by all connections of a listener; thread-safe once made.
class TlsContext {
 public:
  /// `alpn_http` offers "http/1.1"; without it (lines) ALPN is ignored.
  /// ERRORS: Errc::openssl, when key and certificate do not fit OpenSSL.
  static Result<std::shared_ptr<TlsContext>> make(const crypto::Identity& identity, bool alpn_http);
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  ~TlsContext();

  [[nodiscard]] ssl_ctx_st* get() const { return context_; }

 private:
  explicit TlsContext(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* context_;
};

}  // namespace engine::http
