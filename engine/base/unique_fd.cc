#include "base/unique_fd.hh"

#include <unistd.h>

namespace engine {

void UniqueFd::reset(int fd) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

}  // namespace engine
