#include "client.hh"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/un.h>

namespace test {
namespace {

void wait_for(int fd, short events) {
  pollfd ready{.fd = fd, .events = events, .revents = 0};
  must(::poll(&ready, 1, kDeadlineMs) == 1, "the peer is ready in time");
}

}  // namespace

Client::~Client() = default;

Client Client::unix_socket(const Server& server) {
  engine::UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto address = *engine::net::UnixAddress::make(server.path());
  must(::connect(socket.get(), address.get(), address.size()) == 0, "connect");
  return Client(std::move(socket));
}

Client Client::tcp(const Server& server) {
  engine::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(server.port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  must(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0,
       "connect");
  return Client(std::move(socket));
}

Client Client::tls(const Server& server, const std::string& alpn, int max_version) {
  Client client = tcp(server);
  client.context_.reset(::SSL_CTX_new(::TLS_client_method()), &::SSL_CTX_free);
  ::SSL_CTX_set_max_proto_version(client.context_.get(), max_version);
  client.tls_.reset(::SSL_new(client.context_.get()), &::SSL_free);
  if (!alpn.empty()) {
    ::SSL_set_alpn_protos(client.tls(),
                          reinterpret_cast<const unsigned char*>(alpn.data()),
                          static_cast<unsigned>(alpn.size()));
  }
  ::SSL_set_fd(client.tls(), client.fd());
  must(::SSL_connect(client.tls()) == 1, "TLS handshake");
  return client;
}

void Client::write(std::string_view text) const {
  while (!text.empty()) {
    const ssize_t sent = tls_ ? ::SSL_write(tls(), text.data(), static_cast<int>(text.size()))
                              : ::send(fd(), text.data(), text.size(), MSG_NOSIGNAL);
    must(sent > 0, "send");
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::size_t Client::write_some(std::string_view text) const {
  const ssize_t sent = ::send(fd(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent > 0 ? static_cast<std::size_t>(sent) : 0;
}

bool Client::fill() {
  std::string chunk(65'536, '\0');
  ssize_t got = 0;
  if (!tls_) {
    wait_for(fd(), POLLIN);
    got = ::recv(fd(), chunk.data(), chunk.size(), 0);
  } else {
    if (::SSL_pending(tls()) == 0) wait_for(fd(), POLLIN);
    got = ::SSL_read(tls(), chunk.data(), static_cast<int>(chunk.size()));
  }
  if (got <= 0) return false;
  buffer_.append(chunk, 0, static_cast<std::size_t>(got));
  return true;
}

std::string Client::take(std::size_t size) {
  std::string text = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return text;
}

std::string Client::read_bytes(std::size_t size) {
  while (buffer_.size() < size && fill()) {
  }
  return take(size);
}

std::optional<std::string> Client::read_line() {
  std::size_t end = 0;
  while ((end = buffer_.find('\n')) == std::string::npos) {
    if (!fill()) return std::nullopt;
  }
  std::string line = take(end + 1);
  line.pop_back();
  return line;
}

std::optional<Reply> Client::read(bool head_only) {
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) return std::nullopt;
  }
  Reply reply;
  reply.head = take(end + 4);
  reply.status = static_cast<unsigned>(std::stoul(reply.head.substr(9, 3)));
  std::size_t at = reply.head.find("\r\n") + 2;
  while (at < reply.head.size() - 2) {
    const std::size_t line_end = reply.head.find("\r\n", at);
    const std::string line = reply.head.substr(at, line_end - at);
    reply.headers[line.substr(0, line.find(':'))] = line.substr(line.find(':') + 2);
    at = line_end + 2;
  }
  if (head_only || reply.status < 200) return reply;
  if (reply.headers.contains("Content-Length")) {
    const std::size_t size = std::stoul(reply.headers["Content-Length"]);
    reply.body = read_bytes(size);
    must(reply.body.size() == size, "the whole body");
  } else if (reply.headers.contains("Transfer-Encoding")) {
    while (true) {
      const auto line = read_line();
      if (!line) return std::nullopt;
      const std::size_t size = std::stoul(*line, nullptr, 16);
      reply.body += read_bytes(size);
      must(read_line() == "\r", "a chunk ends with a line end");
      if (size == 0) break;
    }
  } else if (reply.status != 204 && reply.status != 304) {
    while (fill()) {
    }
    reply.body = take(buffer_.size());
  }
  return reply;
}

Reply Client::ask(std::string_view text) {
  write(text);
  auto reply = read();
  must(reply.has_value(), "an answer");
  return *reply;
}

bool Client::at_end() {
  return buffer_.empty() && !fill() && buffer_.empty();
}

void Client::half_close() const {
  ::shutdown(fd(), SHUT_WR);
}

void Client::close() {
  socket_.reset();
}

unsigned Client::upgrade(const std::string& target) {
  write(get(target,
            "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"));
  const auto reply = read(false);
  must(reply.has_value(), "an answer to the upgrade");
  return reply->status;
}

void Client::write_frame(unsigned opcode, std::string_view payload, bool fin) const {
  write(frame(opcode, payload, fin));
}

std::optional<Client::Frame> Client::read_frame() {
  std::string head = read_bytes(2);
  if (head.size() < 2) return std::nullopt;
  Frame got;
  got.fin = (static_cast<unsigned char>(head[0]) & 0x80U) != 0;
  got.opcode = static_cast<unsigned char>(head[0]) & 0x0FU;
  std::size_t size = static_cast<unsigned char>(head[1]);
  must(size < 128, "a server does not mask");
  if (size >= 126) {
    const std::string more = read_bytes(size == 126 ? 2 : 8);
    size = 0;
    for (const char c : more)
      size = size << 8U | static_cast<unsigned char>(c);
  }
  got.payload = read_bytes(size);
  return got;
}

unsigned Client::Frame::close_code() const {
  if (payload.size() < 2) return 1005;
  return static_cast<unsigned>(static_cast<unsigned char>(payload[0])) << 8U |
         static_cast<unsigned char>(payload[1]);
}

std::string frame(unsigned opcode, std::string_view payload, bool fin) {
  static constexpr char kMask[] = {0x12, 0x34, 0x56, 0x78};
  std::string out;
  out += static_cast<char>((fin ? 0x80U : 0U) | opcode);
  const auto big_endian = [&](std::size_t value, int bytes) {
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
      out += static_cast<char>(value >> static_cast<unsigned>(shift) & 0xFFU);
  };
  if (payload.size() < 126) {
    out += static_cast<char>(0x80U | payload.size());
  } else if (payload.size() <= 0xFFFF) {
    out += static_cast<char>(0x80U | 126U);
    big_endian(payload.size(), 2);
  } else {
    out += static_cast<char>(0x80U | 127U);
    big_endian(payload.size(), 8);
  }
  out.append(kMask, 4);
  for (std::size_t i = 0; i < payload.size(); ++i)
    out += static_cast<char>(payload[i] ^ kMask[i % 4]);
  return out;
}

std::string post(std::string_view path, std::string_view body, std::string_view headers) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: test\r\n{}Content-Length: {}\r\n\r\n{}",
                     path,
                     headers,
                     body.size(),
                     body);
}

std::string get(std::string_view path, std::string_view headers) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: test\r\n{}\r\n", path, headers);
}

}  // namespace test
