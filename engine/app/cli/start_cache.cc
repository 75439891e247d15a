#include "cli/start_cache.hh"

#include "base/file.hh"
#include "base/unique_fd.hh"
#include "json/writer.hh"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <vector>

namespace engine::cli {
namespace {

namespace fs = std::filesystem;

constexpr off_t kLargest = 16 << 20;
constexpr std::size_t kMostFiles = 8;
constexpr std::string_view kPrefix = "start-";
/// The coarsest time stamps of files that are in use.
constexpr std::int64_t kSettled = 2'000'000'000;
constexpr mode_t kOthersMayWrite = S_IWGRP | S_IWOTH;

bool is_ours(int fd, mode_t kind) {
  struct stat facts {};
  return ::fstat(fd, &facts) == 0 && (facts.st_mode & S_IFMT) == kind &&
         facts.st_uid == ::geteuid() && (facts.st_mode & kOthersMayWrite) == 0;
}

UniqueFd open_directory(const fs::path& directory) {
  UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (fd && !is_ours(fd.get(), S_IFDIR)) fd.reset();
  return fd;
}

UniqueFd make_directory(const fs::path& directory) {
  // ~/.cache may be missing, the place it lies in may not.
  ::mkdir(directory.parent_path().c_str(), 0700);
  ::mkdir(directory.c_str(), 0700);
  return open_directory(directory);
}

std::optional<KeptFile> map(int fd) {
  struct stat facts {};
  if (::fstat(fd, &facts) != 0 || facts.st_size <= 0 || facts.st_size > kLargest) {
    return std::nullopt;
  }
  const auto size = static_cast<std::size_t>(facts.st_size);
  void* const begin = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (begin == MAP_FAILED) return std::nullopt;
  return std::make_optional<KeptFile>(static_cast<const char*>(begin), size);
}

/// Removes the files not written for longest, so that few are left.
void trim(int directory) {
  DIR* const list = ::fdopendir(::dup(directory));
  if (list == nullptr) return;
  ::rewinddir(list);
  std::vector<std::pair<time_t, std::string>> files;
  while (const dirent* entry = ::readdir(list)) {
    struct stat facts {};
    const std::string name = entry->d_name;
    if (!name.starts_with(kPrefix)) continue;
    if (::fstatat(directory, name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0) continue;
    files.emplace_back(facts.st_mtime, name);
  }
  ::closedir(list);
  if (files.size() <= kMostFiles) return;
  std::ranges::sort(files);
  for (std::size_t i = 0; i < files.size() - kMostFiles; ++i)
    ::unlinkat(directory, files[i].second.c_str(), 0);
}

std::int64_t now_nanoseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

KeptFile::~KeptFile() {
  if (!all_.empty()) ::munmap(const_cast<char*>(all_.data()), all_.size());
}

fs::path StartCache::default_directory() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache == '/') return fs::path(cache) / "moonbox";
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home == '/') return fs::path(home) / ".cache" / "moonbox";
  return {};
}

StartCache::StartCache(fs::path directory, std::string key)
    : directory_(std::move(directory)),
      key_(std::move(key)),
      name_(fmt::format("{}{:016x}", kPrefix, std::hash<std::string>{}(key_))) {}

std::string StartCache::head(std::string_view fingerprint) const {
  return fmt::format("{} {}\n", json::quote(key_), fingerprint);
}

std::optional<KeptFile> StartCache::load(std::string_view fingerprint) const {
  if (directory_.empty()) return std::nullopt;
  const UniqueFd directory = open_directory(directory_);
  if (!directory) return std::nullopt;
  const UniqueFd file(
      ::openat(directory.get(), name_.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file || !is_ours(file.get(), S_IFREG)) return std::nullopt;
  auto kept = map(file.get());
  const std::string expected = head(fingerprint);
  if (!kept || !kept->text().starts_with(expected)) return std::nullopt;
  kept->skip(expected.size());
  return kept;
}

void StartCache::store(std::string_view fingerprint,
                       std::int64_t newest,
                       std::string_view text) const {
  if (directory_.empty() || now_nanoseconds() - newest < kSettled) return;
  const UniqueFd directory = make_directory(directory_);
  if (!directory) return;
  const std::string temporary = fmt::format(".{}.{}", name_, ::getpid());
  ::unlinkat(directory.get(), temporary.c_str(), 0);
  UniqueFd file(::openat(directory.get(),
                         temporary.c_str(),
                         O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                         0600));
  if (!file) return;
  // No fsync: what a crash leaves half written is noticed by who reads it (StartFile), and made
  // again.
  const bool written = write_all(file.get(), head(fingerprint).append(text)).has_value();
  file.reset();
  if (!written ||
      ::renameat(directory.get(), temporary.c_str(), directory.get(), name_.c_str()) != 0) {
    ::unlinkat(directory.get(), temporary.c_str(), 0);
    return;
  }
  trim(directory.get());
}

}  // namespace engine::cli
