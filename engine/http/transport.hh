#pragma once

#include "base/unique_fd.hh"

#include "http/tls_context.hh"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct ssl_st;

namespace engine::http {

/// The bytes of one connection, plain or through TLS. Never waits. Resource type.
///
/// TLS records are made into a buffer of our own and read through one as well, so OpenSSL never
/// touches the socket, and a read of it never has to wait for a write.
class Transport {
 public:
  enum class Status : std::uint8_t {
    ok,
    blocked,  ///< the socket gives or takes nothing now
    ended,    ///< the peer writes no more
    failed    ///< the connection is of no use any more
  };
  struct Outcome {
    Status status = Status::ok;
    std::size_t bytes = 0;
  };

  /// `already_read` comes before what the socket gives.
  Transport(UniqueFd socket, std::shared_ptr<TlsContext> tls, std::string already_read);
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  ~Transport();

  [[nodiscard]] int fd() const { return socket_.get(); }
  [[nodiscard]] bool secure() const { return tls_ != nullptr; }
  void close() { socket_.reset(); }

  /// What epoll said. REQUIRES: edge-triggered EPOLLIN and EPOLLRDHUP are watched.
  void note_events(std::uint32_t events);
  /// Whether a read may give something.
  [[nodiscard]] bool readable() const { return readable_ || unread_ || !early_.empty(); }
  /// The peer is gone altogether: what is written reaches nobody.
  [[nodiscard]] bool hung_up() const { return hung_up_; }

  /// One step of the TLS handshake: ok when it is complete. Plain: ok.
  Status handshake();
  /// Fills `into` with what is there.
  Outcome read(std::span<char> into);
  /// Takes some of `bytes`; some of what it took may lie in `pending` until the next call (with
  /// nothing to write, too).
  Outcome write(std::string_view bytes);
  [[nodiscard]] std::size_t pending() const { return records_.size() - records_sent_; }
  /// Sends from a file, past our memory. REQUIRES: not secure. `ended`: the file is shorter.
  Outcome send_file(int file, std::size_t size);
  /// Tells the peer that nothing follows (TLS: close_notify). REQUIRES: all is written.
  void end_output();
  /// After a failed handshake: the peer spoke HTTP without TLS.
  [[nodiscard]] bool met_plain_http() const { return met_plain_http_; }
  /// Leaves TLS aside, to tell such a peer.
  void write_plain(std::string_view bytes) const;

 private:
  struct Bio;
  Outcome receive(std::span<char> into);
  Outcome read_tls(std::span<char> into);
  Status send_records();

  UniqueFd socket_;
  std::shared_ptr<TlsContext> context_;
  std::unique_ptr<ssl_st, void (*)(ssl_st*)> tls_;
  std::string early_;    ///< unread part of `already_read`
  std::string records_;  ///< encrypted, on its way out
  std::size_t records_sent_ = 0;
  bool readable_ = true;      ///< the socket may have something
  bool unread_ = false;       ///< OpenSSL may have something
  bool end_is_near_ = false;  ///< the kernel said that the input ends after what is there
  bool ended_ = false;
  bool hung_up_ = false;
  bool broken_ = false;
  bool met_plain_http_ = false;
};

}  // namespace engine::http
