#pragma once

#include "base/unique_fd.hh"
#include "loop/loop.hh"

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <optional>

namespace engine::net {

struct ListenOptions {
  mode_t mode = 0600;
  std::optional<uid_t> owner = {};
  std::optional<gid_t> group = {};
  int backlog = 512;
};

/// Listens on a Unix socket. Resource type, lives on one loop. The socket appears under its path
/// ready and with its rights (made under another name, then renamed); it is removed at the end if
/// it is still ours.
class UnixListener {
 public:
  /// A socket that nobody answers on is replaced. `on_accept` gets non-blocking descriptors.
  ///
  /// ERRORS: Errc::cannot_bind: the path is over kMaxSocketPath bytes, is not a socket, or cannot
  /// be made; Errc::instance_held: somebody answers there.
  static Result<std::unique_ptr<UnixListener>> open(loop::Loop& loop,
                                                    std::filesystem::path path,
                                                    const ListenOptions& options,
                                                    UniqueFunction<void(UniqueFd)> on_accept);
  UnixListener(const UnixListener&) = delete;
  UnixListener& operator=(const UnixListener&) = delete;
  ~UnixListener();

  /// Accepts no more and removes the socket.
  void close();

 private:
  struct Impl;
  explicit UnixListener(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace engine::net
