#include "net/unix_address.hh"

#include "base/file.hh"

#include <fcntl.h>
#include <fmt/format.h>

#include <cstring>

namespace engine::net {

Result<PeerCredentials> peer_credentials(int socket) {
  ucred credentials = {};
  socklen_t size = sizeof credentials;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return fail_errno("reading the peer's credentials");
  }
  return PeerCredentials{.uid = credentials.uid, .gid = credentials.gid, .pid = credentials.pid};
}

Result<UnixAddress> UnixAddress::make(const std::filesystem::path& path) {
  UnixAddress address;
  address.address_.sun_family = AF_UNIX;
  std::string text = path.string();
  if (text.size() > kMaxSocketPath) {
    TRY_ASSIGN(address.directory_, open_file(path.parent_path(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    text = fmt::format("/proc/self/fd/{}/{}", address.directory_.get(), path.filename().string());
  }
  if (text.empty() || text.size() > kMaxSocketPath) {
    return fail(Errc::filesystem, fmt::format("not a usable socket path: {}", path.string()));
  }
  std::memcpy(address.address_.sun_path, text.data(), text.size());
  return address;
}

}  // namespace engine::net
