#include "app/container/idle_memory.hh"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace engine::app {
namespace {

constexpr Milliseconds kQuiet{1'000};

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
}

}  // namespace engine::app
