#include "ns/open_resolved.hh"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace engine::ns {

UniqueFd open_resolved(int root, const char* path, std::uint64_t resolve, int flags, mode_t mode) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.mode = mode;
  how.resolve = resolve;
  while (true) {
    const auto fd = static_cast<int>(::syscall(SYS_openat2, root, path, &how, sizeof how));
    // Something was renamed on the way: the kernel asks for another try.
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) return UniqueFd(fd);
  }
}

}  // namespace engine::ns
