#include "lxc/base_image.hh"

#include "base/defer.hh"
#include "base/file.hh"
#include "lxc/content_key.hh"
#include "ns/command.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <sstream>

namespace engine::lxc {
namespace {

namespace fs = std::filesystem;

// Part of the key: an image of another recipe is another image.
constexpr std::string_view kRecipe = "3";

constexpr const char* kDirectories[] = {"bin",
                                        "dev",
                                        "etc",
                                        "media/startos/assets",
                                        "media/startos/backup",
                                        "media/startos/images",
                                        "media/startos/rpc",
                                        "media/startos/subcontainers",
                                        "media/startos/volumes",
                                        "mnt",
                                        "opt",
                                        "proc",
                                        "root",
                                        "run",
                                        "sbin",
                                        "sys",
                                        "tmp",
                                        "usr/bin",
                                        "usr/lib/moonbox/scripts",
                                        "usr/lib/startos/package",
                                        "usr/sbin",
                                        "var/log",
                                        "var/tmp"};

constexpr std::pair<const char*, const char*> kTexts[] = {
    {"etc/passwd",
     "root:x:0:0:root:/root:/bin/sh\n"
     "daemon:x:1:1:daemon:/:/bin/false\n"
     "nobody:x:65534:65534:nobody:/:/bin/false\n"},
    {"etc/group", "root:x:0:\ndaemon:x:1:\nnogroup:x:65534:\n"},
    {"etc/hosts", "127.0.0.1 localhost\n::1 localhost\n"},
    {"etc/hostname", "moonbox\n"},
    {"etc/resolv.conf", ""},
    {"etc/nsswitch.conf", "hosts: files dns\n"},
};

Result<> make_directories(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return fail(errno_error("mkdir " + path.string(), error.value()));
  return {};
}

Result<> copy_file(const fs::path& from, const fs::path& to, unsigned mode) {
  TRY(make_directories(to.parent_path()));
  std::error_code error;
  fs::copy_file(from, to, fs::copy_options::overwrite_existing, error);
  if (error) return fail(errno_error("copying " + from.string(), error.value()));
  if (::chmod(to.c_str(), mode) != 0) return fail_errno("chmod " + to.string());
  return {};
}

Result<> copy_in(const fs::path& root, const ImageFile& file) {
  const fs::path target = root / file.target;
  const unsigned mode = file.executable ? 0755 : 0644;
  std::error_code error;
  if (!fs::is_directory(file.source, error)) return copy_file(file.source, target, mode);
  TRY(make_directories(target));
  for (const auto& entry : fs::recursive_directory_iterator(file.source, error)) {
    if (!entry.is_regular_file(error)) continue;
    TRY(copy_file(entry.path(), target / entry.path().lexically_relative(file.source), mode));
  }
  if (error) return fail(errno_error("reading " + file.source.string(), error.value()));
  return {};
}

// busybox itself says which applets it has and where they belong.
Result<> install_busybox(const fs::path& root, const fs::path& busybox) {
  TRY(copy_file(busybox, root / "bin/busybox", 0755));
  TRY_ASSIGN(const std::string list, ns::run_command({busybox.string(), "--list-full"}));
  std::istringstream lines(list);
  for (std::string applet; std::getline(lines, applet);) {
    const fs::path link = root / applet;
    TRY(make_directories(link.parent_path()));
    if (::symlink("/bin/busybox", link.c_str()) != 0 && errno != EEXIST) {
      return fail_errno("symlink " + link.string());
    }
  }
  return {};
}

Result<> fill(const fs::path& root, const BaseImageInputs& inputs) {
  for (const char* directory : kDirectories)
    TRY(make_directories(root / directory));
  for (const auto& [name, text] : kTexts)
    TRY(write_file_atomic(root / name, text));
  TRY(install_busybox(root, inputs.busybox));
  TRY(copy_file(inputs.runtime, root / "usr/bin/moon-container", 0755));
  for (const auto& file : inputs.files)
    TRY(copy_in(root, file));
  for (const char* shared : {"tmp", "var/tmp"}) {
    if (::chmod((root / shared).c_str(), 01777) != 0) return fail_errno("chmod");
  }
  if (::chmod((root / "root").c_str(), 0700) != 0) return fail_errno("chmod");
  return {};
}

Result<std::string> key_of(const BaseImageInputs& inputs) {
  ContentKey key;
  key.add(kRecipe);
  TRY(key.add_tree(inputs.busybox));
  TRY(key.add_tree(inputs.runtime));
  for (const auto& file : inputs.files) {
    key.add(fmt::format("{} {}", file.target.string(), file.executable));
    TRY(key.add_tree(file.source));
  }
  return key.str();
}

// Not compressed: every container mounts the image anew and would unpack the runtime once more
// before its first instruction, five times as long as reading it.
Result<> squash(const fs::path& root, const fs::path& output) {
  auto ran = ns::run_command({"mksquashfs",
                              root.string(),
                              output.string(),
                              "-noappend",
                              "-all-root",
                              "-no-xattrs",
                              "-noI",
                              "-noD",
                              "-noF",
                              "-mkfs-time",
                              "0",
                              "-all-time",
                              "0",
                              "-no-progress",
                              "-quiet"},
                             {.stdin_fd = -1, .timeout = Milliseconds(300'000), .environment = {}});
  if (!ran && ran.error().code == Errc::not_found) {
    return fail(std::move(ran).error().with_hint("install squashfs-tools"));
  }
  if (!ran) return fail(std::move(ran).error());
  return {};
}

}  // namespace

Result<BaseImage> build_base_image(const fs::path& directory, const BaseImageInputs& inputs) {
  BaseImage image;
  auto key = key_of(inputs);
  if (!key) return fail(std::move(key).error().context("base image"));
  image.key = key->substr(0, 16);
  image.file = directory / fmt::format("base-{}.squashfs", image.key);
  std::error_code error;
  if (fs::exists(image.file, error)) return image;
  TRY(make_directories(directory));
  std::string work = (directory / ".base-XXXXXX").string();
  if (::mkdtemp(work.data()) == nullptr) return fail_errno("mkdir " + work);
  const Defer remove([&] { fs::remove_all(work, error); });
  const fs::path root = fs::path(work) / "root";
  const fs::path output = fs::path(work) / "image";
  TRY(make_directories(root));
  if (::chmod(root.c_str(), 0755) != 0) return fail_errno("chmod");
  TRY(fill(root, inputs));
  TRY(squash(root, output));
  TRY_ASSIGN(const UniqueFd written, open_file(output, O_RDONLY));
  if (::fsync(written.get()) != 0) return fail_errno("fsync " + output.string());
  if (::rename(output.c_str(), image.file.c_str()) != 0) return fail_errno("rename");
  image.built = true;
  return image;
}

}  // namespace engine::lxc
