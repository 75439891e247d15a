#pragma once

#include "server.hh"

#include <map>
#include <memory>
#include <optional>
#include <string>

struct ssl_st;
struct ssl_ctx_st;

namespace test {

/// A response as the client saw it.
struct Reply {
  unsigned status = 0;
  std::string head;  ///< status line and headers, as they came
  std::map<std::string, std::string> headers;
  std::string body;
};

/// A plain blocking client over a Unix socket, TCP or TLS. Fails the test past the deadline.
class Client {
 public:
  static Client unix_socket(const Server& server);
  static Client tcp(const Server& server);
  /// `alpn` is offered as it is, with its length bytes; `max_version` 0: the newest.
  static Client tls(const Server& server, const std::string& alpn = {}, int max_version = 0);
  explicit Client(engine::UniqueFd socket) : socket_(std::move(socket)) {}
  Client(Client&&) noexcept = default;
  ~Client();

  void write(std::string_view text) const;
  /// As much as the socket takes without waiting.
  [[nodiscard]] std::size_t write_some(std::string_view text) const;
  /// The next response; nullopt when the connection ends instead. `head_only` for HEAD.
  std::optional<Reply> read(bool head_only = false);
  /// Sends `text` and reads one response.
  Reply ask(std::string_view text);
  std::optional<std::string> read_line();
  /// At least `size` bytes, as long as they come.
  std::string read_bytes(std::size_t size);
  /// Whether the connection ends with nothing more to read.
  bool at_end();
  void half_close() const;
  void close();
  [[nodiscard]] int fd() const { return socket_.get(); }
  [[nodiscard]] ssl_st* tls() const { return tls_.get(); }

  // WebSocket.
  /// Upgrades; the status of the answer.
  unsigned upgrade(const std::string& target = "/ws");
  /// Sends a masked frame.
  void write_frame(unsigned opcode, std::string_view payload, bool fin = true) const;
  struct Frame {
    unsigned opcode = 0;
    std::string payload;
    bool fin = true;
    /// Of a close frame; 1005 without one.
    [[nodiscard]] unsigned close_code() const;
  };
  std::optional<Frame> read_frame();

 private:
  bool fill();
  std::string take(std::size_t size);
  engine::UniqueFd socket_;
  std::shared_ptr<ssl_ctx_st> context_;
  std::shared_ptr<ssl_st> tls_;
  std::string buffer_;
};

/// A masked client frame.
std::string frame(unsigned opcode, std::string_view payload, bool fin = true);
std::string post(std::string_view path, std::string_view body, std::string_view headers = {});
std::string get(std::string_view path, std::string_view headers = {});

}  // namespace test
