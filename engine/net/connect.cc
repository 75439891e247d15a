#include "net/connect.hh"

#include "net/unix_address.hh"

#include <fmt/format.h>

#include <cerrno>
#include <memory>

namespace engine::net {
namespace {

constexpr Milliseconds kRetry{10};

/// A connection in the making; kept alive by the timer that will try again.
struct Attempt {
  loop::Timer timer;
  std::filesystem::path path;
  ConnectOptions options;
  TimePoint deadline;
  Completion<UniqueFd> done;

  [[nodiscard]] bool may_retry(Errc code) const {
    return code == Errc::busy || (options.wait_for_socket && code == Errc::daemon_not_running);
  }

  static void run(const std::shared_ptr<Attempt>& self) {
    Result<UniqueFd> socket = connect_unix(self->path);
    if (!socket && self->may_retry(socket.error().code)) {
      if (Clock::now() + kRetry < self->deadline) {
        self->timer.start(kRetry, [self] { run(self); });
        return;
      }
      if (socket.error().code == Errc::busy) socket.error().code = Errc::timeout;
    }
    self->done(std::move(socket));
  }
};

}  // namespace

Error connect_error(const std::filesystem::path& path, int error_number) {
  Error error = errno_error(fmt::format("connecting to {}", path.string()), error_number);
  switch (error_number) {
    case ENOENT:
    case ECONNREFUSED:
      error.code = Errc::daemon_not_running;
      error.message = fmt::format("nothing listens on {}", path.string());
      break;
    case EACCES:
    case EPERM:
      error.code = Errc::permission_denied;
      error.message = fmt::format("no access to {}", path.string());
      error.hint = kNotForUs;
      break;
    case EAGAIN:
      error.code = Errc::busy;
      error.message = fmt::format("too many connections wait at {}", path.string());
      error.hint = "the daemon takes none at present: try again, or look what it does in its log";
      break;
    default:
      error.code = Errc::network;
  }
  return error;
}

Result<UniqueFd> connect_unix(const std::filesystem::path& path) {
  Result<UnixAddress> address = UnixAddress::make(path);
  if (!address) {
    // The directory of a long path is missing: so is the socket.
    return fail(address.error().code == Errc::not_found ? connect_error(path, ENOENT)
                                                        : std::move(address).error());
  }
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return fail_errno("making a socket");
  if (::connect(socket.get(), address->get(), address->size()) != 0) {
    return fail(connect_error(path, errno));
  }
  return socket;
}

void connect_unix(loop::Loop& loop,
                  std::filesystem::path path,
                  ConnectOptions options,
                  Completion<UniqueFd> done) {
  std::shared_ptr<Attempt> attempt(new Attempt{.timer = loop::Timer(loop),
                                               .path = std::move(path),
                                               .options = options,
                                               .deadline = Clock::now() + options.timeout,
                                               .done = std::move(done)});
  loop.post([attempt = std::move(attempt)] { Attempt::run(attempt); });
}

}  // namespace engine::net
