#include "base/result.hh"

#include <cerrno>
#include <system_error>

namespace engine {
namespace {

Errc kind_of_errno(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
    case ESRCH:
      return Errc::not_found;
    case EACCES:
    case EPERM:
      return Errc::permission_denied;
    case ENOSPC:
    case EDQUOT:
      return Errc::no_space;
    case EROFS:
      return Errc::read_only;
    case ECONNREFUSED:
    case ECONNRESET:
    case EPIPE:
      return Errc::connection_lost;
    case ETIMEDOUT:
      return Errc::timeout;
    case ECANCELED:
      return Errc::cancelled;
    default:
      return Errc::filesystem;
  }
}

std::string_view hint_of_errno(int error_number) {
  const bool is_full = error_number == ENOSPC || error_number == EDQUOT;
  return is_full ? "free space on the disk, then try again" : "";
}

}  // namespace

Error errno_error(std::string_view what, int error_number) {
  return Error{.code = kind_of_errno(error_number),
               .message = std::string(what) + ": " + std::generic_category().message(error_number),
               .hint = std::string(hint_of_errno(error_number))};
}

tl::unexpected<Error> fail_errno(std::string_view what) {
  return fail(errno_error(what, errno));
}

}  // namespace engine
