#include "lxc/content_key.hh"

#include "base/file.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <vector>

namespace engine::lxc {
namespace {

/// A file is added in pieces of this size; part of what the key is.
constexpr std::size_t kPiece = 64UL << 10U;

std::uint64_t mix(std::uint64_t state, std::uint64_t word, std::uint64_t prime) {
  state = (state ^ word) * prime;
  return state ^ std::rotl(state, 29);
}

/// Reads until `into` is full or the file ends.
Result<std::size_t> read_piece(int fd, std::array<char, kPiece>& into) {
  std::size_t size = 0;
  while (size < into.size()) {
    const ssize_t got = ::read(fd, into.data() + size, into.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("read");
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  return size;
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

// In pieces: the runtime has some MiB, and each thread that read it whole would keep as much.
Result<> ContentKey::add_file(const std::filesystem::path& path) {
  TRY_ASSIGN(const UniqueFd fd, open_file(path, O_RDONLY));
  std::array<char, kPiece> piece;
  for (std::size_t size = piece.size(); size == piece.size();) {
    auto got = read_piece(fd.get(), piece);
    if (!got) return fail(std::move(got).error().context(path.string()));
    size = *got;
    add(std::string_view(piece.data(), size));
  }
  return {};
}

Result<> ContentKey::add_tree(const std::filesystem::path& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (!fs::is_directory(path, error)) return add_file(path);
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(path, error)) {
    if (entry.is_regular_file(error)) files.push_back(entry.path());
  }
  if (error) return fail(errno_error("reading " + path.string(), error.value()));
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    add(file.lexically_relative(path).string());
    TRY(add_file(file));
  }
  return {};
}

std::string ContentKey::str() const {
  return fmt::format("{:016x}{:016x}", state_[0], state_[1]);
}

}  // namespace engine::lxc
