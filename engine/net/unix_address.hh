#pragma once

#include "base/result.hh"
#include "base/unique_fd.hh"

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include <filesystem>

namespace engine::net {

/// The longest path that fits a Unix socket address.
inline constexpr std::size_t kMaxSocketPath = sizeof(sockaddr_un::sun_path) - 1;

/// Who is at the other end, as the kernel tells it.
struct PeerCredentials {
  uid_t uid = static_cast<uid_t>(-1);
  gid_t gid = static_cast<gid_t>(-1);
  pid_t pid = 0;
};
Result<PeerCredentials> peer_credentials(int socket);

/// An address that reaches `path`. One longer than kMaxSocketPath is reached through its directory
/// (/proc/self/fd/N/name), which must stay open as long as the address is used.
class UnixAddress {
 public:
  /// ERRORS: as opening the directory; Errc::filesystem when even the file name is too long.
  static Result<UnixAddress> make(const std::filesystem::path& path);
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address_); }
  [[nodiscard]] socklen_t size() const { return sizeof address_; }

 private:
  sockaddr_un address_ = {};
  UniqueFd directory_;
};

}  // namespace engine::net
