#include "net/unix_listener.hh"

#include "base/defer.hh"
#include "net/acceptor.hh"
#include "net/connect.hh"
#include "net/unix_address.hh"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace engine::net {
namespace {

tl::unexpected<Error> cannot_bind(const std::filesystem::path& path,
                                  std::string_view why,
                                  std::string hint = {}) {
  return fail(Error{.code = Errc::cannot_bind,
                    .message = fmt::format("cannot listen on {}: {}", path.string(), why),
                    .hint = std::move(hint)});
}
tl::unexpected<Error> cannot_bind(const std::filesystem::path& path) {
  return cannot_bind(path, std::error_code(errno, std::system_category()).message());
}

/// Fails unless the path is free or holds a socket that nobody answers on.
Result<> check_free(const std::filesystem::path& path) {
  struct stat found = {};
  if (lstat(path.c_str(), &found) != 0) return {};
  if (!S_ISSOCK(found.st_mode)) {
    return cannot_bind(path, "there is something that is no socket", "move it away");
  }
  const Result<UniqueFd> probe = connect_unix(path);
  if (probe || probe.error().code == Errc::busy) {
    return fail(
        Error{.code = Errc::instance_held,
              .message = fmt::format("somebody listens on {} already", path.string()),
              .hint = fmt::format("`ss -xlp src {}` tells which process; end it", path.string())});
  }
  if (probe.error().code != Errc::daemon_not_running)
    return cannot_bind(path, probe.error().message);
  return {};
}

/// What the socket is called until it listens. As long as its final name, so that it fits wherever
/// that one does, and the same every time, so that the next one replaces what a crash has left.
std::filesystem::path name_before(const std::filesystem::path& path) {
  std::string name = path.string();
  name.back() = name.back() == '~' ? '-' : '~';
  return name;
}

/// A socket bound to `name`, with its rights, listening.
Result<UniqueFd> bind_socket(const std::filesystem::path& path,
                             const std::filesystem::path& name,
                             const ListenOptions& options) {
  TRY_ASSIGN(const UnixAddress address, UnixAddress::make(name));
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return cannot_bind(path);
  unlink(name.c_str());
  if (bind(socket.get(), address.get(), address.size()) != 0) return cannot_bind(path);
  if (chmod(name.c_str(), options.mode) != 0) return cannot_bind(path);
  if ((options.owner || options.group) &&
      chown(name.c_str(),
            options.owner.value_or(static_cast<uid_t>(-1)),
            options.group.value_or(static_cast<gid_t>(-1))) != 0) {
    return cannot_bind(path);
  }
  if (listen(socket.get(), options.backlog) != 0) return cannot_bind(path);
  return socket;
}

}  // namespace

struct UnixListener::Impl {
  std::filesystem::path path;
  dev_t device = 0;
  ino_t inode = 0;
  std::unique_ptr<Acceptor> acceptor;  ///< null once closed

  void remove_if_ours() const {
    struct stat found = {};
    if (lstat(path.c_str(), &found) == 0 && found.st_dev == device && found.st_ino == inode) {
      unlink(path.c_str());
    }
  }
};

Result<std::unique_ptr<UnixListener>> UnixListener::open(loop::Loop& loop,
                                                         std::filesystem::path path,
                                                         const ListenOptions& options,
                                                         UniqueFunction<void(UniqueFd)> on_accept) {
  if (path.string().size() > kMaxSocketPath) {
    return cannot_bind(path, fmt::format("the path is over {} bytes", kMaxSocketPath));
  }
  TRY(check_free(path));
  const std::filesystem::path name = name_before(path);
  TRY_ASSIGN(UniqueFd socket, bind_socket(path, name, options));
  Defer cleanup([&name] { unlink(name.c_str()); });
  struct stat made = {};
  if (lstat(name.c_str(), &made) != 0) return cannot_bind(path);
  if (rename(name.c_str(), path.c_str()) != 0) return cannot_bind(path);
  cleanup.dismiss();
  auto impl = std::make_unique<Impl>();
  impl->path = std::move(path);
  impl->device = made.st_dev;
  impl->inode = made.st_ino;
  impl->acceptor = std::make_unique<Acceptor>(loop, std::move(socket), std::move(on_accept));
  return std::unique_ptr<UnixListener>(new UnixListener(std::move(impl)));
}

UnixListener::UnixListener(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
UnixListener::~UnixListener() {
  close();
}

void UnixListener::close() {
  if (!impl_->acceptor) return;
  impl_->acceptor.reset();
  impl_->remove_if_ours();
}

}  // namespace engine::net
