#include "lxc/content_key.hh"

#include "base/file.hh"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

namespace engine::lxc {
namespace {

constexpr std::size_t kLargestInput = 512UL << 20U;

std::uint64_t mix(std::uint64_t state, std::uint64_t word, std::uint64_t prime) {
  state = (state ^ word) * prime;
  return state ^ std::rotl(state, 29);
}

}  // namespace

void ContentKey::add(std::string_view text) {
  const auto take = [&](std::uint64_t word) {
    state_[0] = mix(state_[0], word, 0x100000001b3ULL);
    state_[1] = mix(state_[1], word + state_[0], 0xff51afd7ed558ccdULL);
  };
  take(text.size());
  while (!text.empty()) {
    std::uint64_t word = 0;
    const std::size_t size = std::min(text.size(), sizeof word);
    std::memcpy(&word, text.data(), size);
    take(word);
    text.remove_prefix(size);
  }
}

Result<> ContentKey::add_tree(const std::filesystem::path& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    TRY_ASSIGN(const std::string content, read_file(path, kLargestInput));
    add(content);
    return {};
  }
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(path, error)) {
    if (entry.is_regular_file(error)) files.push_back(entry.path());
  }
  if (error) return fail(errno_error("reading " + path.string(), error.value()));
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    add(file.lexically_relative(path).string());
    TRY_ASSIGN(const std::string content, read_file(file, kLargestInput));
    add(content);
  }
  return {};
}

std::string ContentKey::str() const {
  return fmt::format("{:016x}{:016x}", state_[0], state_[1]);
}

}  // namespace engine::lxc
