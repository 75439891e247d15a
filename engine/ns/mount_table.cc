#include "ns/mount_table.hh"

#include "base/file.hh"

#include <fmt/format.h>
#include <sys/mount.h>

#include <cerrno>

namespace engine::ns {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return parts;
}

// The kernel writes space, tab, newline and backslash as \ooo.
std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      const auto digit = [&](std::size_t at) { return (text[at] - '0') & 7; };
      out += static_cast<char>(digit(i + 1) * 64 + digit(i + 2) * 8 + digit(i + 3));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

bool is_at_or_below(const std::string& point, const std::string& target) {
  if (!point.starts_with(target)) return false;
  return point.size() == target.size() || point[target.size()] == '/';
}

std::string kernel_spelling(const std::filesystem::path& target) {
  std::error_code ignored;
  auto path = std::filesystem::weakly_canonical(target, ignored);
  if (ignored) path = std::filesystem::absolute(target, ignored).lexically_normal();
  std::string text = path.string();
  while (text.size() > 1 && text.back() == '/')
    text.pop_back();
  return text;
}

Result<bool> unmount_once(const std::filesystem::path& point) {
  if (::umount2(point.c_str(), UMOUNT_NOFOLLOW) == 0) return true;
  if (errno == EBUSY && ::umount2(point.c_str(), UMOUNT_NOFOLLOW | MNT_DETACH) == 0) return true;
  if (errno == EINVAL || errno == ENOENT) return false;  // went with another one
  return fail_errno("unmounting " + point.string());
}

}  // namespace

std::vector<MountEntry> parse_mountinfo(std::string_view text) {
  std::vector<MountEntry> mounts;
  for (const std::string_view line : split(text, '\n')) {
    const std::size_t dash = line.find(" - ");
    if (dash == std::string_view::npos) continue;
    const auto left = split(line.substr(0, dash), ' ');
    const auto right = split(line.substr(dash + 3), ' ');
    if (left.size() < 6 || right.size() < 2) continue;
    mounts.push_back({.point = unescape(left[4]),
                      .type = std::string(right[0]),
                      .source = unescape(right[1]),
                      .root = unescape(left[3]),
                      .options = right.size() > 2 ? unescape(right[2]) : ""});
  }
  return mounts;
}

Result<std::vector<MountEntry>> read_mounts() {
  TRY_ASSIGN(const std::string text, read_file("/proc/self/mountinfo"));
  return parse_mountinfo(text);
}

Result<std::vector<MountEntry>> mounts_under(const std::filesystem::path& target) {
  TRY_ASSIGN(auto mounts, read_mounts());
  const std::string root = kernel_spelling(target);
  std::erase_if(mounts, [&](const auto& entry) { return !is_at_or_below(entry.point, root); });
  return mounts;
}

Result<bool> is_mount_point(const std::filesystem::path& target) {
  TRY_ASSIGN(const auto mounts, mounts_under(target));
  const std::string root = kernel_spelling(target);
  for (const auto& entry : mounts) {
    if (entry.point == root) return true;
  }
  return false;
}

Result<> unmount_tree(const std::filesystem::path& target) {
  constexpr int kPasses = 64;  // stacked mounts show up again after the first is gone
  for (int pass = 0; pass < kPasses; ++pass) {
    TRY_ASSIGN(const auto mounts, mounts_under(target));
    if (mounts.empty()) return {};
    bool moved = false;
    for (auto entry = mounts.rbegin(); entry != mounts.rend(); ++entry) {
      TRY_ASSIGN(const bool gone, unmount_once(entry->point));
      moved = moved || gone;
    }
    if (!moved) break;
  }
  TRY_ASSIGN(const auto left, mounts_under(target));
  if (left.empty()) return {};
  return fail(Errc::busy, fmt::format("{} stays mounted", left.back().point.string()));
}

}  // namespace engine::ns
