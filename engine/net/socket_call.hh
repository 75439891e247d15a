#pragma once

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <span>
#include <string_view>

namespace engine::net {

// recv and send that never wait and never raise SIGPIPE, as bare system calls: those of the C
// library are points where a thread may be cancelled, and what they do for it costs two locked
// instructions each. -1 and errno on failure.

inline ssize_t receive_now(int socket, std::span<char> into) {
  return ::syscall(SYS_recvfrom, socket, into.data(), into.size(), MSG_DONTWAIT, nullptr, nullptr);
}

inline ssize_t send_now(int socket, std::string_view bytes) {
  return ::syscall(
      SYS_sendto, socket, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL, nullptr, 0);
}

}  // namespace engine::net
