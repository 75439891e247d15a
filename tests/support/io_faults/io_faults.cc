#include "io_faults.hh"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <optional>

namespace engine::test::io_faults {
namespace {

struct Plan {
  std::size_t calls = 0;
  int how = 0;
  bool for_good = false;
};

struct File {
  dev_t device = 0;
  ino_t inode = 0;
  std::string awaited = {};  ///< the path of one that did not exist
};

struct Watched {
  std::mutex mutex;
  std::vector<File> files;
  std::vector<Call> calls;
  std::size_t count = 0;
  std::optional<Plan> plan;
  bool failed = false;
};

Watched& watched() {
  static Watched instance;
  return instance;
}

/// The path `fd` was opened by, if it still leads there.
std::string path_of(int fd) {
  char path[4096];
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t size = ::readlink(link.c_str(), path, sizeof path);
  return size > 0 ? std::string(path, static_cast<std::size_t>(size)) : std::string();
}

/// Which of the watched files `fd` is, if any.
std::optional<std::size_t> watched_as(int fd) {
  const std::vector<File>& files = watched().files;
  struct ::stat found {};
  if (files.empty() || ::fstat(fd, &found) != 0) return std::nullopt;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const File& file = files[i];
    const bool same = file.awaited.empty()
                          ? found.st_ino == file.inode && found.st_dev == file.device
                          : path_of(fd) == file.awaited;
    if (same) return i;
  }
  return std::nullopt;
}

/// How the call under way is to fail, or 0.
int next_fault() {
  Watched& file = watched();
  ++file.count;
  if (!file.plan) return 0;
  if (file.plan->calls > 0) {
    --file.plan->calls;
    return 0;
  }
  const int how = file.plan->how;
  if (!file.plan->for_good) file.plan.reset();
  file.failed = true;
  return how;
}

template <typename Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

bool flushes_each(int fd) {
  return (::fcntl(fd, F_GETFL) & O_DSYNC) != 0;
}

/// Carries out `call`, which writes what it is told to of `bytes` at `offset`.
template <typename Write>
ssize_t write_through(int fd, off_t offset, std::string bytes, Write call) {
  const auto file = watched_as(fd);
  if (!file) return call(bytes.size());
  const std::lock_guard lock(watched().mutex);
  const int fault = next_fault();
  if (fault > 0) {
    errno = fault;
    return -1;
  }
  const ssize_t written = call(fault == kShortWrite ? bytes.size() / 2 : bytes.size());
  if (written > 0) {
    bytes.resize(static_cast<std::size_t>(written));
    watched().calls.push_back(
        {Call::Kind::write, offset, std::move(bytes), flushes_each(fd), *file});
  }
  return written;
}

template <typename Sync>
int sync_through(int fd, Call call, Sync sync) {
  const auto file = watched_as(fd);
  if (!file) return sync();
  call.file = *file;
  const std::lock_guard lock(watched().mutex);
  if (const int fault = next_fault(); fault != 0) {
    errno = fault > 0 ? fault : EIO;
    return -1;
  }
  const int done = sync();
  if (done == 0) watched().calls.push_back(std::move(call));
  return done;
}

std::string bytes_of(const void* data, std::size_t size) {
  return {static_cast<const char*>(data), size};
}

}  // namespace

void watch(const std::vector<std::string>& paths) {
  Watched& file = watched();
  const std::lock_guard lock(file.mutex);
  file.files.clear();
  for (const std::string& path : paths) {
    struct ::stat found {};
    const bool exists = ::stat(path.c_str(), &found) == 0;
    file.files.push_back(exists ? File{found.st_dev, found.st_ino} : File{.awaited = path});
  }
  file.calls.clear();
  file.count = 0;
  file.plan.reset();
  file.failed = false;
}

void stop() {
  const std::lock_guard lock(watched().mutex);
  watched().files.clear();
  watched().plan.reset();
}

std::vector<Call> recorded() {
  const std::lock_guard lock(watched().mutex);
  return watched().calls;
}

std::size_t count() {
  const std::lock_guard lock(watched().mutex);
  return watched().count;
}

void fail_after(std::size_t calls, int how, bool for_good) {
  const std::lock_guard lock(watched().mutex);
  watched().plan = Plan{calls, how, for_good};
  watched().failed = false;
}

bool has_failed() {
  const std::lock_guard lock(watched().mutex);
  return watched().failed;
}

}  // namespace engine::test::io_faults

// What stands before libc. LMDB writes through these.
using namespace engine::test::io_faults;

extern "C" {

ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
  static auto* const next = real<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  return write_through(fd, offset, bytes_of(data, size), [&](std::size_t bytes) {
    return next(fd, data, bytes, offset);
  });
}

ssize_t write(int fd, const void* data, size_t size) {
  static auto* const next = real<ssize_t(int, const void*, size_t)>("write");
  if (!watched_as(fd)) return next(fd, data, size);
  return write_through(fd, ::lseek(fd, 0, SEEK_CUR), bytes_of(data, size), [&](std::size_t bytes) {
    return next(fd, data, bytes);
  });
}

ssize_t writev(int fd, const iovec* parts, int count) {
  static auto* const next = real<ssize_t(int, const iovec*, int)>("writev");
  if (!watched_as(fd)) return next(fd, parts, count);
  std::string all;
  for (int i = 0; i < count; ++i)
    all += bytes_of(parts[i].iov_base, parts[i].iov_len);
  const std::string text = all;
  return write_through(fd, ::lseek(fd, 0, SEEK_CUR), std::move(all), [&](std::size_t bytes) {
    static auto* const plain = real<ssize_t(int, const void*, size_t)>("write");
    return plain(fd, text.data(), bytes);
  });
}

int fdatasync(int fd) {
  static auto* const next = real<int(int)>("fdatasync");
  return sync_through(fd, {.kind = Call::Kind::sync}, [&] { return next(fd); });
}

int fsync(int fd) {
  static auto* const next = real<int(int)>("fsync");
  return sync_through(fd, {.kind = Call::Kind::sync}, [&] { return next(fd); });
}

int ftruncate(int fd, off_t size) noexcept {
  static auto* const next = real<int(int, off_t)>("ftruncate");
  return sync_through(
      fd, {.kind = Call::Kind::truncate, .offset = size}, [&] { return next(fd, size); });
}

}  // extern "C"
