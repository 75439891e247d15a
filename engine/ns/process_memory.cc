#include "ns/process_memory.hh"

#include "base/file.hh"

#include <fmt/format.h>

#include <charconv>

namespace engine::ns {
namespace {

// "Pss:                1234 kB", in bytes; 0 if there is no such line.
std::uint64_t field(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(fmt::format("\n{}:", name));
  if (at == std::string_view::npos) return 0;
  text.remove_prefix(at + name.size() + 2);
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  std::uint64_t kilobytes = 0;
  std::from_chars(text.data(), text.data() + text.size(), kilobytes);
  return kilobytes * 1024;
}

}  // namespace

Result<ProcessMemory> read_process_memory(pid_t pid) {
  TRY_ASSIGN(const std::string text, read_file(fmt::format("/proc/{}/smaps_rollup", pid)));
  if (text.empty()) return fail(Errc::not_found, fmt::format("process {} has ended", pid));
  return ProcessMemory{.rss = field(text, "Rss"),
                       .pss = field(text, "Pss"),
                       .private_dirty = field(text, "Private_Dirty")};
}

}  // namespace engine::ns
