#include "ns/cgroup_host.hh"

#include "base/file.hh"
#include "ns/mount_table.hh"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <sstream>

namespace engine::ns {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> split_words(const std::string& text, char separator) {
  std::vector<std::string> words;
  std::istringstream stream(text);
  for (std::string word; std::getline(stream, word, separator);) {
    while (!word.empty() && word.back() == '\n')
      word.pop_back();
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

CgroupTree tree_of(const MountEntry& mount) {
  CgroupTree tree;
  tree.mount_point = mount.point;
  tree.v2 = mount.type == "cgroup2";
  if (!tree.v2) {
    // Flags such as "rw" and "xattr" among them name no controller and match nothing.
    tree.controllers = split_words(mount.options, ',');
  } else if (auto listed = read_file(mount.point / "cgroup.controllers")) {
    tree.controllers = split_words(*listed, ' ');
  }
  return tree;
}

// "4:memory:/moonbox/payload/x" for v1, "0::/…" for v2.
bool line_speaks_of(const std::string& line, const CgroupTree& tree) {
  if (tree.v2) return line.starts_with("0::");
  const std::size_t first = line.find(':');
  const std::size_t second = line.find(':', first + 1);
  if (second == std::string::npos) return false;
  const auto named = split_words(line.substr(first + 1, second - first - 1), ',');
  return !named.empty() && std::all_of(named.begin(), named.end(), [&](const std::string& name) {
    return std::find(tree.controllers.begin(), tree.controllers.end(), name) !=
           tree.controllers.end();
  });
}

Result<std::string> relative_cgroup_of(pid_t pid, const CgroupTree& tree) {
  TRY_ASSIGN(const std::string text, read_file(fmt::format("/proc/{}/cgroup", pid)));
  for (const auto& line : split_words(text, '\n')) {
    if (line_speaks_of(line, tree)) return line.substr(line.find(':', line.find(':') + 1) + 1);
  }
  return fail(Errc::not_found, fmt::format("process {} is in no cgroup of the tree", pid));
}

}  // namespace

std::string_view cgroup_layout_name(CgroupLayout layout) {
  switch (layout) {
    case CgroupLayout::v1:
      return "v1";
    case CgroupLayout::v2:
      return "v2";
    case CgroupLayout::none:
      break;
  }
  return "none";
}

const CgroupTree* CgroupHost::with(std::string_view controller) const {
  for (const auto& tree : trees) {
    const auto& names = tree.controllers;
    if (std::find(names.begin(), names.end(), controller) != names.end()) return &tree;
  }
  return nullptr;
}

const CgroupTree* CgroupHost::unified() const {
  for (const auto& tree : trees) {
    if (tree.v2) return &tree;
  }
  return nullptr;
}

Result<CgroupHost> detect_cgroups() {
  TRY_ASSIGN(const auto mounts, read_mounts());
  CgroupHost host;
  for (const auto& mount : mounts) {
    if (mount.type != "cgroup" && mount.type != "cgroup2") continue;
    if (!mount.point.string().starts_with("/sys/fs/cgroup")) continue;
    host.trees.push_back(tree_of(mount));
  }
  std::error_code ignored;
  if (fs::exists("/sys/fs/cgroup/cgroup.controllers", ignored)) {
    host.layout = CgroupLayout::v2;
  } else if (!host.trees.empty()) {
    host.layout = CgroupLayout::v1;
  }
  return host;
}

Result<fs::path> payload_cgroup_of(pid_t pid, const CgroupTree& tree) {
  TRY_ASSIGN(const std::string relative, relative_cgroup_of(pid, tree));
  constexpr std::string_view kPayload = "/payload/";
  const std::size_t at = relative.find(kPayload);
  if (at == std::string::npos) {
    return fail(Errc::not_found, fmt::format("process {} is in no container: {}", pid, relative));
  }
  const std::size_t end = relative.find('/', at + kPayload.size());
  return fs::path(tree.mount_point.string() + relative.substr(0, end));
}

Result<std::vector<fs::path>> find_container_cgroups(const CgroupHost& host,
                                                     const std::string& slice,
                                                     const std::string& name) {
  std::vector<fs::path> found;
  std::error_code ignored;
  for (const auto& tree : host.trees) {
    // liblxc makes its directories below the cgroup of the host's init.
    auto init = relative_cgroup_of(1, tree);
    std::string base = init ? *init : "/";
    if (base.ends_with("/init.scope")) base.resize(base.size() - 11);
    for (const char* kind : {"payload", "monitor"}) {
      const fs::path path = fs::path(tree.mount_point.string() + base) / slice / kind / name;
      if (fs::exists(path, ignored)) found.push_back(path);
    }
  }
  return found;
}

Result<> remove_cgroup(const fs::path& directory) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    if (entry.is_directory(error)) TRY(remove_cgroup(entry.path()));
  }
  if (::rmdir(directory.c_str()) == 0 || errno == ENOENT) return {};
  if (errno == EBUSY) return fail(Errc::busy, directory.string() + " has living processes");
  return fail_errno("removing " + directory.string());
}

Result<std::optional<std::uint64_t>> read_cgroup_number(const fs::path& file) {
  TRY_ASSIGN(const std::string text, read_file(file));
  if (text.starts_with("max")) return std::optional<std::uint64_t>();
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc()) {
    return fail(Errc::parse_number, fmt::format("{} holds no number", file.string()));
  }
  constexpr std::uint64_t kNoLimit = 1ULL << 62U;  // v1 writes "no limit" as LONG_MAX in pages
  if (value >= kNoLimit) return std::optional<std::uint64_t>();
  return std::optional<std::uint64_t>(value);
}

}  // namespace engine::ns
