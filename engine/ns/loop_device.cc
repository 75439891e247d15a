#include "ns/loop_device.hh"

#include "base/file.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/loop.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace engine::ns {
namespace {

constexpr std::uint64_t kSector = 512;
constexpr std::uint32_t kFlags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR;

struct Backing {
  UniqueFd fd;
  struct stat info {};
  std::uint64_t offset = 0;
  std::uint64_t limit = 0;  // whole sectors
};

Result<Backing> open_backing(const FileRegion& region) {
  Backing backing;
  TRY_ASSIGN(backing.fd, open_file(region.file, O_RDONLY));
  if (::fstat(backing.fd.get(), &backing.info) != 0) return fail_errno("stat");
  const auto file_size = static_cast<std::uint64_t>(backing.info.st_size);
  const std::string name = region.file.string();
  if (region.offset > file_size || region.size > file_size - region.offset) {
    return fail(Errc::disk_not_available, fmt::format("{}: the image is cut off", name));
  }
  const std::uint64_t size = region.size == 0 ? file_size - region.offset : region.size;
  backing.offset = region.offset;
  // A device has whole sectors. Rounding up shows bytes behind the image; squashfs reads none.
  backing.limit = (size + kSector - 1) / kSector * kSector;
  if (backing.limit > file_size - region.offset) {
    return fail(Errc::disk_not_available,
                fmt::format("{}: the image does not end on a sector of {} bytes", name, kSector));
  }
  return backing;
}

bool shows(const loop_info64& device, const Backing& backing) {
  return device.lo_inode == backing.info.st_ino && device.lo_device == backing.info.st_dev &&
         device.lo_offset == backing.offset && device.lo_sizelimit == backing.limit &&
         (device.lo_flags & kFlags) == kFlags;
}

// A device may end while it is looked at; with it open, the status says whether it still lives.
LoopDevice find_device(const Backing& backing) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/sys/block", ignored)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("loop")) continue;
    if (!std::filesystem::exists(entry.path() / "loop", ignored)) continue;
    LoopDevice device{.fd = UniqueFd(::open(("/dev/" + name).c_str(), O_RDONLY | O_CLOEXEC)),
                      .node = "/dev/" + name};
    loop_info64 info{};
    if (device.fd && ::ioctl(device.fd.get(), LOOP_GET_STATUS64, &info) == 0 &&
        shows(info, backing)) {
      return device;
    }
  }
  return {};
}

Result<LoopDevice> make_device(const Backing& backing) {
  TRY_ASSIGN(const UniqueFd control, open_file("/dev/loop-control", O_RDWR));
  loop_config config{};
  config.fd = static_cast<std::uint32_t>(backing.fd.get());
  config.info.lo_flags = kFlags;
  config.info.lo_offset = backing.offset;
  config.info.lo_sizelimit = backing.limit;
  for (int attempt = 0; attempt < 64; ++attempt) {
    const int number = ::ioctl(control.get(), LOOP_CTL_GET_FREE);
    if (number < 0) break;
    const std::string node = fmt::format("/dev/loop{}", number);
    TRY_ASSIGN(UniqueFd fd, open_file(node, O_RDONLY));
    if (::ioctl(fd.get(), LOOP_CONFIGURE, &config) == 0) {
      return LoopDevice{.fd = std::move(fd), .node = node};
    }
    if (errno != EBUSY) break;  // EBUSY: somebody else took it first
  }
  Error error = errno_error("setting up a loop device", errno);
  error.code = Errc::block_device;
  return fail(std::move(error).with_hint("check that the kernel module `loop` is available"));
}

}  // namespace

Result<LoopDevice> attach_loop(const FileRegion& region) {
  TRY_ASSIGN(const Backing backing, open_backing(region));
  // Two starts at once must not make two devices of one image. The lock has a descriptor of its
  // own: the device keeps the other one, and with it any lock on it.
  TRY_ASSIGN(const UniqueFd lock, open_file(region.file, O_RDONLY));
  while (::flock(lock.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return fail_errno("locking " + region.file.string());
  }
  if (LoopDevice found = find_device(backing); found.fd) return found;
  return make_device(backing);
}

}  // namespace engine::ns
