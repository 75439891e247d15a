#include "app/container/container_applets.hh"
#include "base/file.hh"
#include "net/connect.hh"
#include "rpc/encode.hh"
#include "rpc/message.hh"

#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>

namespace engine::app {
namespace {

constexpr const char* kHostSocket = "/media/startos/rpc/host.sock";

Result<std::string> read_line(int socket) {
  std::string line;
  std::array<char, 16384> block{};
  pollfd ready{.fd = socket, .events = POLLIN, .revents = 0};
  while (true) {
    if (::poll(&ready, 1, -1) < 0 && errno != EINTR) return fail_errno("waiting for the answer");
    const ssize_t got = ::read(socket, block.data(), block.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) return fail(Errc::connection_lost, "the host closed the connection");
    line.append(block.data(), static_cast<std::size_t>(got));
    if (line.back() == '\n') return line;
  }
}

Result<std::string> call_host(std::string_view method, std::string_view params) {
  const char* path = std::getenv("MOONBOX_HOST_SOCKET");
  TRY_ASSIGN(const UniqueFd socket, net::connect_unix(path != nullptr ? path : kHostSocket));
  std::string line;
  rpc::encode_request(line, method, params, "1");
  line += '\n';
  TRY(write_all(socket.get(), line));
  TRY_ASSIGN(const std::string answer, read_line(socket.get()));
  rpc::Message message;
  TRY(rpc::decode_message(answer, message));
  if (message.kind == rpc::Message::Kind::error) return fail(message.error);
  return std::string(message.result);
}

}  // namespace

int effect_applet(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    fmt::print(stderr, "usage: moon-container effect METHOD [JSON]\n");
    return 2;
  }
  const auto result = call_host(argv[1], argc == 3 ? argv[2] : "{}");
  if (!result) {
    fmt::print(stderr, "{}\n", result.error().message);
    const int number = errc_info(result.error().code).number;
    return number > 0 && number < 126 ? number : 1;
  }
  fmt::print("{}\n", *result);
  return 0;
}

}  // namespace engine::app
