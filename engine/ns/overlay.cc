#include "ns/overlay.hh"

#include "base/file.hh"
#include "ns/mount.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace engine::ns {
namespace {

Result<UniqueFd> open_layer(const std::filesystem::path& path) {
  return open_file(path, O_PATH | O_DIRECTORY);
}

// The kernel shows layers as they were given, to everyone who reads mountinfo inside. A path over
// an open descriptor tells nothing and needs no escapes.
std::string by_descriptor(const UniqueFd& fd) {
  return fmt::format("/proc/self/fd/{}", fd.get());
}

}  // namespace

Result<UniqueFd> make_overlay(const OverlayLayers& layers) {
  std::error_code error;
  for (const auto& path : {layers.upper, layers.work}) {
    std::filesystem::create_directories(path, error);
    if (error) return fail(errno_error("mkdir " + path.string(), error.value()));
  }
  if (::chown(layers.upper.c_str(), layers.owner.uid, layers.owner.gid) != 0) {
    return fail_errno("chown " + layers.upper.string());
  }
  if (::chmod(layers.upper.c_str(), 0755) != 0) return fail_errno("chmod " + layers.upper.string());
  TRY_ASSIGN(const UniqueFd lower, open_layer(layers.lower));
  TRY_ASSIGN(const UniqueFd upper, open_layer(layers.upper));
  TRY_ASSIGN(const UniqueFd work, open_layer(layers.work));
  TRY_ASSIGN(UniqueFd mount,
             make_filesystem("overlay",
                             {{"source", "moonbox"},
                              {"lowerdir", by_descriptor(lower)},
                              {"upperdir", by_descriptor(upper)},
                              {"workdir", by_descriptor(work)}},
                             false));
  struct statvfs info {};
  if (::fstatvfs(mount.get(), &info) != 0) return fail_errno("statvfs of an overlay");
  if ((info.f_flag & ST_RDONLY) != 0) {
    return fail(Errc::read_only,
                fmt::format("the overlay over {} came up read-only", layers.upper.string()));
  }
  return mount;
}

}  // namespace engine::ns
