#include "ns/squashfs.hh"

#include "base/defer.hh"
#include "base/file.hh"
#include "ns/command.hh"
#include "ns/mount.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cstring>

namespace engine::ns {
namespace {

static_assert(std::endian::native == std::endian::little, "squashfs is little-endian on disk");

// The fields of the superblock that are looked at, at their place on disk.
struct Superblock {
  std::uint32_t magic;
  std::byte skipped[24];
  std::uint16_t major;
  std::uint16_t minor;
  std::uint64_t root_inode;
  std::uint64_t bytes_used;
};
static_assert(offsetof(Superblock, major) == 28 && offsetof(Superblock, bytes_used) == 40);

constexpr std::uint32_t kMagic = 0x73717368;

tl::unexpected<Error> not_squashfs(const FileRegion& region, std::string_view why) {
  return fail(Errc::disk_corrupted,
              fmt::format("{} (at {}): {}", region.file.string(), region.offset, why));
}

// The ownership goes first: chown takes the set-user-id bits away.
Result<> shift_owner(const std::filesystem::path& path, IdRange ids) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return fail_errno("stat " + path.string());
  if (info.st_uid >= ids.base) return {};  // a second name of a file already shifted
  if (info.st_uid >= ids.count || info.st_gid >= ids.count) {
    return fail(Errc::disk_corrupted, path.string() + ": its owner has no id in the container");
  }
  if (::lchown(path.c_str(), ids.base + info.st_uid, ids.base + info.st_gid) != 0) {
    return fail_errno("chown " + path.string());
  }
  if (!S_ISLNK(info.st_mode) && ::chmod(path.c_str(), info.st_mode & 07777) != 0) {
    return fail_errno("chmod " + path.string());
  }
  return {};
}

Result<> shift_tree(const std::filesystem::path& root, IdRange ids) {
  TRY(shift_owner(root, ids));
  std::error_code error;
  auto walk = std::filesystem::recursive_directory_iterator(root, error);
  for (const auto end = std::filesystem::end(walk); !error && walk != end; walk.increment(error)) {
    TRY(shift_owner(walk->path(), ids));
  }
  if (error) return fail(errno_error("reading " + root.string(), error.value()));
  return {};
}

/// Checks the superblock: that `region` holds a whole squashfs 4.0.
Result<> check_squashfs(const FileRegion& region) {
  TRY_ASSIGN(const UniqueFd file, open_file(region.file, O_RDONLY));
  Superblock block{};
  const ssize_t got = ::pread(file.get(), &block, sizeof block, static_cast<off_t>(region.offset));
  if (got < 0) return fail_errno("read " + region.file.string());
  if (static_cast<std::size_t>(got) < sizeof block || block.magic != kMagic) {
    return not_squashfs(region, "not a squashfs image");
  }
  if (block.major != 4 || block.minor != 0) return not_squashfs(region, "not squashfs 4.0");
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return fail_errno("stat " + region.file.string());
  const auto file_size = static_cast<std::uint64_t>(info.st_size);
  if (region.offset > file_size) return not_squashfs(region, "the image is cut off");
  const std::uint64_t size = region.size == 0 ? file_size - region.offset : region.size;
  if (block.bytes_used > size) return not_squashfs(region, "the image is cut off");
  return {};
}

}  // namespace

Result<UniqueFd> mount_squashfs(const FileRegion& region, int userns) {
  TRY(check_squashfs(region));
  TRY_ASSIGN(const LoopDevice device, attach_loop(region));
  TRY_ASSIGN(UniqueFd mount, make_filesystem("squashfs", {{"source", device.node.string()}}, true));
  TRY(set_attributes(mount.get(), {.read_only = true, .userns = userns}, region.file.string()));
  return mount;
}

Result<bool> squashfs_takes_idmap(const FileRegion& region, int userns) {
  TRY(mount_squashfs(region, -1));
  auto mapped = mount_squashfs(region, userns);
  if (mapped) return true;
  if (mapped.error().code == Errc::block_device) return false;
  return fail(std::move(mapped).error());
}

Result<std::filesystem::path> unpack_shifted(const FileRegion& region,
                                             const std::filesystem::path& cache,
                                             const std::string& key,
                                             IdRange ids) {
  TRY(check_squashfs(region));
  if (ids.base < ids.count) {
    return fail(Errc::invalid_params, "an id range must begin above the ids it maps");
  }
  const auto done = cache / fmt::format("{}-{}", key, ids.base);
  std::error_code error;
  if (std::filesystem::exists(done, error)) return done;
  std::filesystem::create_directories(cache, error);
  const std::string pattern = (cache / ".unpack-XXXXXX").string();
  std::string work = pattern;
  if (::mkdtemp(work.data()) == nullptr) return fail_errno("mkdir " + pattern);
  const Defer remove([&] { std::filesystem::remove_all(work, error); });
  const auto tree = std::filesystem::path(work) / "tree";
  TRY(run_command({"unsquashfs",
                   "-quiet",
                   "-no-progress",
                   "-offset",
                   std::to_string(region.offset),
                   "-dest",
                   tree.string(),
                   region.file.string()}));
  TRY(shift_tree(tree, ids));
  if (::rename(tree.c_str(), done.c_str()) != 0 && !std::filesystem::exists(done, error)) {
    return fail_errno("rename " + tree.string());
  }
  return done;
}

}  // namespace engine::ns
