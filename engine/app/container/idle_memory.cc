#include "app/container/idle_memory.hh"

#include "base/unique_fd.hh"

#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

namespace engine::app {
namespace {

constexpr Milliseconds kQuiet{1'000};
constexpr Milliseconds kLookEvery{2'000};
/// Pages that come back before it is worth giving them back again.
constexpr std::size_t kWorthwhile = 192;

/// Resident pages of this process; 0 where it cannot be told. Streams would bring in more pages
/// than there are to find.
std::size_t resident_pages() {
  char text[128] = {};
  const UniqueFd file(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
  if (!file || ::read(file.get(), text, sizeof text - 1) <= 0) return 0;
  char* after_size = nullptr;
  std::strtoul(text, &after_size, 10);
  return std::strtoul(after_size, nullptr, 10);
}

// Segments that cannot be written hold nothing but the file's own bytes.
int release_segments(dl_phdr_info* info, std::size_t, void*) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const std::uintptr_t begin = (info->dlpi_addr + segment.p_vaddr) & ~(page - 1);
    const std::uintptr_t end = info->dlpi_addr + segment.p_vaddr + segment.p_memsz;
    ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

IdleMemory::IdleMemory(loop::Loop& loop, UniqueFunction<void()> collect)
    : timer_(loop), collect_(std::move(collect)) {}

void IdleMemory::touch() {
  timer_.start(kQuiet, [this] { give_back(); });
}

void IdleMemory::give_back() {
  collect_();
  ::malloc_trim(0);
  ::dl_iterate_phdr(release_segments, nullptr);
  left_ = resident_pages();
  timer_.start(kLookEvery, [this] { look(); });
}

// Health checks run without a request: what they bring in would stay.
void IdleMemory::look() {
  if (resident_pages() > left_ + kWorthwhile) return give_back();
  timer_.start(kLookEvery, [this] { look(); });
}

}  // namespace engine::app
