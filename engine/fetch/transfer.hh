#pragma once

#include "base/bytes.hh"

#include "fetch/response_head.hh"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace engine::fetch {

/// How servers are reached, and how much is borne with from them.
struct ConnectOptions {
  unsigned connect_seconds = 15;
  unsigned stall_seconds = 30;  ///< with less than 1000 bytes a second
  unsigned retries = 4;         ///< one after the other without any progress
  /// Authorities whose certificates are good, PEM, instead of the system's. When it is empty, what
  /// CURL_CA_BUNDLE, SSL_CERT_FILE or SSL_CERT_DIR name, as curl has it.
  std::string ca_file = {};
};

/// `url` as it may be shown: without the password that may be in it.
std::string shown_url(std::string_view url);

/// One request to a server: for a range of bytes, or with something to send.
struct Request {
  std::string url;
  bool head = false;
  std::uint64_t first = 0;
  std::optional<std::uint64_t> last = std::nullopt;  ///< with it the header Range is sent
  std::string method = {};                           ///< with it there is a body
  std::vector<std::string> headers = {};
  std::string body = {};
  /// Instead of `body`: gives its next bytes, `upload_size` in all.
  std::function<Result<std::size_t>(MutableBytes into)> upload = {};
  std::uint64_t upload_size = 0;
};

class ConnectionPool;

/// A response whose body is pulled by whoever reads it: what is not read stays with the server, but
/// for 2 MiB at most. Resource type; one thread at a time.
class Transfer {
 public:
  /// ERRORS: Errc::network, Errc::timeout, Errc::parse_url; Errc::connection_lost if it broke.
  static Result<std::unique_ptr<Transfer>> start(std::shared_ptr<ConnectionPool> pool,
                                                 const Request& request,
                                                 const ConnectOptions& options);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  /// Waits for the header lines of the answer, after redirects. ERRORS: as `start`.
  Result<ResponseHead> head();
  /// The next bytes of the body, at most `into.size()`; 0 at its end. ERRORS: as `start`.
  Result<std::size_t> read(MutableBytes into);

 private:
  class State;
  explicit Transfer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Connections that are kept between transfers. Must outlive none of them: they share it.
/// One thread at a time.
class ConnectionPool {
 public:
  static Result<std::shared_ptr<ConnectionPool>> make();
  virtual ~ConnectionPool() = default;
};

}  // namespace engine::fetch
