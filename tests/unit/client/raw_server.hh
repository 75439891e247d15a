#pragma once

#include "net/unix_listener.hh"

#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace engine::client {

/// A server without manners: hands every line it reads to a function, which may write anything on
/// the connection, or close it. `step` does its work.
class RawServer {
 public:
  struct Connection {
    UniqueFd socket;
    std::string input = {};
    int lines = 0;
    void write(std::string_view bytes) const {
      // What does not fit at once is not written.
      static_cast<void>(::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
    }
    void close() { socket.reset(); }
  };
  using OnLine = std::function<void(Connection& connection, const std::string& line)>;

  RawServer(loop::Loop& loop, const std::filesystem::path& path, OnLine on_line)
      : on_line_(std::move(on_line)),
        listener_(*net::UnixListener::open(loop, path, {}, [this](UniqueFd socket) {
          ++accepted;
          connections.push_back({.socket = std::move(socket)});
        })) {}

  void step() {
    for (Connection& connection : connections) {
      char block[65536];
      const ssize_t got = connection.socket
                              ? ::recv(connection.socket.get(), block, sizeof block, MSG_DONTWAIT)
                              : -1;
      if (got > 0) connection.input.append(block, static_cast<std::size_t>(got));
      std::size_t end = 0;
      while (connection.socket && (end = connection.input.find('\n')) != std::string::npos) {
        const std::string line = connection.input.substr(0, end);
        connection.input.erase(0, end + 1);
        ++connection.lines;
        ++lines;
        on_line_(connection, line);
      }
    }
  }

  int accepted = 0;
  int lines = 0;
  std::vector<Connection> connections;

 private:
  OnLine on_line_;
  std::unique_ptr<net::UnixListener> listener_;
};

/// The id of a request as JSON text.
inline std::string id_of(const std::string& line) {
  const auto begin = line.find("\"id\":") + 5;
  return line.substr(begin, line.find_first_of(",}", begin) - begin);
}

inline std::string result_line(const std::string& request, std::string_view result) {
  return std::string(R"({"jsonrpc":"2.0","result":)") + std::string(result) +
         ",\"id\":" + id_of(request) + "}\n";
}

}  // namespace engine::client
