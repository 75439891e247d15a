#include "ns/subcontainer_root.hh"

#include "ns/in_root.hh"
#include "ns/mount.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace engine::ns {
namespace {

// Opens what is to be mounted; makes it when it is missing and the kind is known.
Result<UniqueFd> open_source(const SubcontainerMount& mount) {
  const UniqueFd base(::open(mount.source.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!base) return fail_errno("open " + mount.source.string());
  const auto path = mount.subpath.empty() ? std::filesystem::path(".") : mount.subpath;
  auto found = open_in_root(base.get(), path, O_PATH);
  if (found || found.error().code != Errc::not_found) return found;
  switch (mount.kind) {
    case SubcontainerMount::Kind::directory:
      return make_directories_in_root(base.get(), path);
    case SubcontainerMount::Kind::file:
      return make_file_in_root(base.get(), path);
    case SubcontainerMount::Kind::infer:
      break;
  }
  return found;
}

Result<UniqueFd> open_target(int root, const std::filesystem::path& target, int source) {
  struct stat status {};
  if (::fstat(source, &status) != 0) return fail_errno("stat " + target.string());
  return S_ISDIR(status.st_mode) ? make_directories_in_root(root, target)
                                 : make_file_in_root(root, target);
}

Result<UniqueFd> clone_mount(int source, unsigned extra_flags) {
  UniqueFd tree(
      ::open_tree(source, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | extra_flags));
  if (!tree) return fail_errno("cloning a mount");
  return tree;
}

Result<> attach_mount(int root, const SubcontainerMount& mount) {
  TRY_ASSIGN(const UniqueFd source, open_source(mount));
  TRY_ASSIGN(const UniqueFd target, open_target(root, mount.target, source.get()));
  TRY_ASSIGN(const UniqueFd tree, clone_mount(source.get(), AT_RECURSIVE));
  const MountAttributes attributes{.read_only = mount.read_only};
  TRY(set_attributes(tree.get(), attributes, mount.target.string()));
  return attach_at(tree.get(), target.get());
}

// A file system directory of the container's own, seen at the same place inside.
Result<> attach_own(int root, const char* path, unsigned flags) {
  const UniqueFd source(::open(path, O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!source) return fail_errno(fmt::format("open {}", path));
  TRY_ASSIGN(const UniqueFd target, make_directories_in_root(root, path));
  TRY_ASSIGN(const UniqueFd tree, clone_mount(source.get(), flags));
  return attach_at(tree.get(), target.get());
}

Result<> attach_proc(int root) {
  TRY_ASSIGN(const UniqueFd target, make_directories_in_root(root, "proc"));
  TRY_ASSIGN(const UniqueFd proc, make_filesystem("proc", {}, false));
  TRY(set_attributes(proc.get(), {}, "proc"));
  return attach_at(proc.get(), target.get());
}

// A recursive bind of sys would bring the writable cgroup tree of the whole service. The namespace
// is made here rather than by clone3: at clone time the child still counts as in its parent's
// group.
void attach_cgroups(int root) {
  if (::unshare(CLONE_NEWCGROUP) != 0) return;
  const auto target = open_in_root(root, "sys/fs/cgroup", O_PATH | O_DIRECTORY);
  const auto tree = make_filesystem("cgroup2", {}, false);
  if (target && tree) (void)attach_at(tree->get(), target->get());
}

Result<> pivot(const std::filesystem::path& root) {
  if (::chdir(root.c_str()) != 0) return fail_errno("chdir " + root.string());
  if (::syscall(SYS_pivot_root, ".", ".") != 0) return fail_errno("pivot_root");
  if (::umount2(".", MNT_DETACH) != 0) return fail_errno("leaving the old root");
  if (::chdir("/") != 0) return fail_errno("chdir /");
  return {};
}

}  // namespace

Result<> enter_subcontainer_root(const std::filesystem::path& root,
                                 const std::vector<SubcontainerMount>& mounts) {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) {
    return fail_errno("making / a slave");
  }
  if (::mount(root.c_str(), root.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0) {
    return fail_errno("binding " + root.string());
  }
  const UniqueFd top(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!top) return fail_errno("open " + root.string());
  TRY(attach_proc(top.get()));
  TRY(attach_own(top.get(), "/dev", AT_RECURSIVE));
  TRY(attach_own(top.get(), "/sys", 0));
  attach_cgroups(top.get());
  for (const SubcontainerMount& mount : mounts) {
    if (auto attached = attach_mount(top.get(), mount); !attached) {
      return fail(std::move(attached).error().context("mounting " + mount.target.string()));
    }
  }
  return pivot(root);
}

}  // namespace engine::ns
