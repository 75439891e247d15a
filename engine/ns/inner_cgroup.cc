#include "ns/inner_cgroup.hh"

#include "base/file.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <sstream>

namespace engine::ns {
namespace {

// Control files are written in one call: the kernel takes each write as a command.
Result<> write_control(const std::filesystem::path& file, std::string_view text) {
  TRY_ASSIGN(const UniqueFd fd, open_file(file, O_WRONLY));
  if (::write(fd.get(), text.data(), text.size()) < 0) return fail_errno("write " + file.string());
  return {};
}

Result<> ensure_mounted(const std::filesystem::path& mount_point) {
  struct statfs status {};
  if (::statfs(mount_point.c_str(), &status) == 0 && status.f_type == CGROUP2_SUPER_MAGIC) {
    return {};
  }
  const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  if (::mount("cgroup2", mount_point.c_str(), "cgroup2", flags, nullptr) == 0) return {};
  return fail_errno("mounting cgroup2 at " + mount_point.string());
}

// The path of this process below its cgroup namespace: the line "0::/path".
Result<std::string> own_group() {
  TRY_ASSIGN(const std::string text, read_file("/proc/self/cgroup"));
  const auto at = text.find("0::");
  if (at == std::string::npos) return fail(Errc::not_found, "this process has no v2 cgroup");
  return text.substr(at + 3, text.find('\n', at) - at - 3);
}

// Each on its own: one that cannot be passed on must not hold back the others.
void pass_controllers_on(const std::filesystem::path& group) {
  const auto available = read_file(group / "cgroup.controllers");
  if (!available) return;
  std::istringstream words(*available);
  for (std::string word; words >> word;)
    (void)write_control(group / "cgroup.subtree_control", "+" + word);
}

void remove_tree(const std::filesystem::path& group) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(group, ignored)) {
    if (entry.is_directory(ignored)) remove_tree(entry.path());
  }
  ::rmdir(group.c_str());
}

}  // namespace

CgroupLeaf::CgroupLeaf(std::filesystem::path path, UniqueFd directory)
    : path_(std::move(path)), directory_(std::move(directory)) {}

CgroupLeaf::~CgroupLeaf() {
  if (!directory_) return;
  (void)kill();
  remove_tree(path_);
}

Result<> CgroupLeaf::kill() {
  return write_control(path_ / "cgroup.kill", "1");
}

std::optional<std::uint64_t> CgroupLeaf::memory_bytes() const {
  const auto text = read_file(path_ / "memory.current");
  if (!text) return {};
  std::uint64_t bytes = 0;
  const auto parsed = std::from_chars(text->data(), text->data() + text->size(), bytes);
  if (parsed.ec != std::errc{}) return {};
  return bytes;
}

Result<std::unique_ptr<InnerCgroups>> InnerCgroups::open(const std::filesystem::path& mount_point) {
  TRY(ensure_mounted(mount_point));
  TRY_ASSIGN(const std::string group, own_group());
  std::filesystem::path top = mount_point;
  top += group == "/" ? "" : group;
  if (top.filename() == "init") top = top.parent_path();
  const auto leaf = top / "init";
  if (::mkdir(leaf.c_str(), 0755) != 0 && errno != EEXIST) {
    return fail_errno("mkdir " + leaf.string());
  }
  TRY(write_control(leaf / "cgroup.procs", "0"));
  pass_controllers_on(top);
  return std::unique_ptr<InnerCgroups>(new InnerCgroups(std::move(top)));
}

Result<std::unique_ptr<CgroupLeaf>> InnerCgroups::make_at(const std::filesystem::path& parent,
                                                          const std::string& prefix) {
  const auto path = parent / fmt::format("{}-{}", prefix, next_++);
  if (::mkdir(path.c_str(), 0755) != 0) return fail_errno("mkdir " + path.string());
  TRY_ASSIGN(UniqueFd directory, open_file(path, O_RDONLY | O_DIRECTORY));
  return std::make_unique<CgroupLeaf>(path, std::move(directory));
}

Result<std::unique_ptr<CgroupLeaf>> InnerCgroups::make(const std::string& prefix,
                                                       const CgroupLeaf& parent) {
  return make_at(parent.path(), prefix);
}

Result<std::unique_ptr<CgroupLeaf>> InnerCgroups::make_branch(const std::string& prefix) {
  TRY_ASSIGN(auto branch, make_at(top_, prefix));
  pass_controllers_on(branch->path());
  return branch;
}

void InnerCgroups::retire(std::unique_ptr<CgroupLeaf> leaf) {
  if (!leaf) return;
  (void)leaf->kill();
  retired_.push_back(leaf->path());
  leaf.reset();
  sweep();
}

void InnerCgroups::sweep() {
  std::erase_if(retired_, [](const std::filesystem::path& path) {
    remove_tree(path);
    return ::access(path.c_str(), F_OK) != 0;
  });
}

}  // namespace engine::ns
