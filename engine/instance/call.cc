#include "instance/call.hh"

#include "base/unique_fd.hh"
#include "json/reader.hh"
#include "json/writer.hh"
#include "net/connect.hh"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

namespace engine::instance {
namespace {

constexpr std::size_t kLongestAnswer = 16UL << 20U;

/// Waits until `fd` has one of `events`. ERRORS: Errc::timeout.
Result<> wait_for(int fd, short events, TimePoint deadline) {
  while (true) {
    const auto left = std::chrono::ceil<Milliseconds>(deadline - Clock::now()).count();
    pollfd entry{.fd = fd, .events = events, .revents = 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
    if (ready > 0) return {};
    if (ready == 0) return fail(Errc::timeout, "the daemon did not answer in time");
    if (errno != EINTR) return fail_errno("poll");
  }
}

Error connect_error(const std::filesystem::path& socket, int error_number) {
  Error error = net::connect_error(socket, error_number);
  if (error.code == Errc::daemon_not_running) error.hint = "start it with: moon-cli daemon start";
  return error;
}

Result<UniqueFd> connect_to(const std::filesystem::path& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string& path = socket.native();
  if (path.size() >= sizeof address.sun_path) {
    return fail(Errc::data_dir_unusable, "the socket path is too long: " + path);
  }
  std::copy(path.begin(), path.end(), address.sun_path);
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return fail_errno("socket");
  // A full backlog answers EAGAIN on Unix sockets: somebody listens, but nobody accepts.
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (errno == EAGAIN) return fail(Errc::timeout, "the daemon accepts no connections");
    return fail(connect_error(socket, errno));
  }
  return fd;
}

Result<> send_line(int fd, std::string_view line, TimePoint deadline) {
  while (!line.empty()) {
    const ssize_t put = ::send(fd, line.data(), line.size(), MSG_NOSIGNAL);
    if (put > 0) {
      line.remove_prefix(static_cast<std::size_t>(put));
    } else if (errno == EAGAIN) {
      TRY(wait_for(fd, POLLOUT, deadline));
    } else if (errno != EINTR) {
      return fail(Errc::connection_lost, "the daemon closed the connection");
    }
  }
  return {};
}

Result<std::string> receive_line(int fd, TimePoint deadline) {
  std::string line;
  char block[4096];
  while (line.size() < kLongestAnswer) {
    TRY(wait_for(fd, POLLIN, deadline));
    const ssize_t got = ::recv(fd, block, sizeof block, 0);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) return fail(Errc::connection_lost, "the daemon closed the connection");
    line.append(block, static_cast<std::size_t>(got));
    const auto end = line.find('\n');
    if (end != std::string::npos) return line.substr(0, end);
  }
  return fail(Errc::request_too_large, "the daemon's answer is too long");
}

Error answered_error(const json::Value& error) {
  const json::Value* data = error.find("data");
  const json::Value empty;
  const json::Value& details = data != nullptr && data->is_object() ? *data : empty;
  const std::string kind = details.string_or("kind", "");
  const auto number = static_cast<int>(error.integer_or("code", 0));
  return {.code = kind.empty() ? errc_from_number(number) : errc_from_kind(kind),
          .message = details.string_or("details", error.string_or("message", "the call failed")),
          .hint = details.string_or("hint", "")};
}

/// One request, one answer: the whole response object.
Result<json::Value> exchange(const std::filesystem::path& socket,
                             std::string_view method,
                             const json::Value& params,
                             Milliseconds timeout) {
  const TimePoint deadline = Clock::now() + timeout;
  TRY_ASSIGN(const UniqueFd fd, connect_to(socket));
  json::Value request;
  request["jsonrpc"] = "2.0";
  request["id"] = 1;
  request["method"] = method;
  request["params"] = params;
  TRY(send_line(fd.get(), json::write(request) + "\n", deadline));
  TRY_ASSIGN(const std::string line, receive_line(fd.get(), deadline));
  return json::parse(line);
}

}  // namespace

Presence presence(const std::filesystem::path& socket, Milliseconds timeout) {
  const auto answer = exchange(socket, "echo", json::Object{{"message", "ping"}}, timeout);
  if (!answer) return Presence::absent;
  const json::Value* error = answer->find("error");
  const bool starting = error != nullptr && answered_error(*error).code == Errc::uninitialized;
  return starting ? Presence::starting : Presence::serving;
}

Result<json::Value> call(const std::filesystem::path& socket,
                         std::string_view method,
                         const json::Value& params,
                         Milliseconds timeout) {
  TRY_ASSIGN(const json::Value answer, exchange(socket, method, params, timeout));
  if (const json::Value* error = answer.find("error")) return fail(answered_error(*error));
  const json::Value* result = answer.find("result");
  return result == nullptr ? json::Value{} : *result;
}

}  // namespace engine::instance
