#include "instance/paths.hh"

#include "base/file.hh"

#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

namespace engine::instance {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return std::string(value);
}

Result<fs::path> default_base() {
  if (::geteuid() == 0) return fs::path("/var/lib/moonbox");
  if (const auto data_home = environment("XDG_DATA_HOME")) return fs::path(*data_home) / "moonbox";
  if (const auto home = environment("HOME")) return fs::path(*home) / ".local/share/moonbox";
  return fail(Error{.code = Errc::data_dir_unusable,
                    .message = "no data directory: neither XDG_DATA_HOME nor HOME is set",
                    .hint = "name one with --data-dir DIR"});
}

/// Absolute, without a trailing slash; links are kept, the directory need not exist.
fs::path absolute_folder(const fs::path& path) {
  std::error_code ignored;
  fs::path full = fs::absolute(path, ignored).lexically_normal();
  return full.has_filename() || full == full.root_path() ? full : full.parent_path();
}

bool holds_scripts(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(folder / "core" / "init.lua", ignored);
}

/// The source folder named by the CMakeCache.txt of the build tree the program lies in.
std::optional<fs::path> source_tree(const fs::path& executable) {
  constexpr std::string_view kKey = "CMAKE_HOME_DIRECTORY:INTERNAL=";
  fs::path folder = executable.parent_path();
  for (int level = 0; level < 4 && folder != folder.root_path(); ++level) {
    if (const auto cache = read_file(folder / "CMakeCache.txt")) {
      const auto at = cache->find(kKey);
      if (at == std::string::npos) return std::nullopt;
      const auto begin = at + kKey.size();
      return fs::path(cache->substr(begin, cache->find('\n', begin) - begin));
    }
    folder = folder.parent_path();
  }
  return std::nullopt;
}

}  // namespace

Result<> check_instance_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  };
  if (!name.empty() && name.size() <= 64 && name.front() != '-' &&
      std::all_of(name.begin(), name.end(), allowed)) {
    return {};
  }
  return fail(Error{.code = Errc::usage,
                    .message = "'" + std::string(name) + "' is not an instance name",
                    .hint = "use 1 to 64 letters, digits, '-' and '_', not starting with '-'"});
}

Result<Paths> resolve_paths(std::optional<std::string_view> data_dir,
                            std::optional<std::string_view> instance) {
  Paths paths;
  if (instance) {
    TRY(check_instance_name(*instance));
    paths.instance = *instance;
  }
  if (data_dir && data_dir->empty()) return fail(Errc::usage, "--data-dir: the path is empty");
  if (data_dir) {
    paths.base = absolute_folder(fs::path(*data_dir));
  } else {
    TRY_ASSIGN(paths.base, default_base());
  }
  const bool is_default = paths.instance == "default";
  paths.data = is_default ? paths.base : paths.base / "instances" / paths.instance;
  paths.run = paths.base / "daemon";
  const std::string stem = is_default ? "daemon" : "daemon-" + paths.instance;
  paths.socket = paths.run / (stem + ".sock");
  paths.lock = paths.run / (stem + ".lock");
  paths.pid = paths.run / (stem + ".pid");
  constexpr std::size_t kLongest = sizeof(sockaddr_un::sun_path) - 1;
  if (paths.socket.native().size() > kLongest) {
    return fail(Error{.code = Errc::data_dir_unusable,
                      .message = "the socket path " + paths.socket.string() + " is longer than " +
                                 std::to_string(kLongest) + " bytes",
                      .hint = "choose a data directory with a shorter path"});
  }
  return paths;
}

fs::path executable_path() {
  constexpr std::string_view kReplaced = " (deleted)";
  std::error_code ignored;
  const fs::path path = fs::read_symlink("/proc/self/exe", ignored);
  std::string_view name = path.native();
  if (!name.ends_with(kReplaced) || fs::exists(path, ignored)) return path;
  name.remove_suffix(kReplaced.size());
  return name;
}

Result<fs::path> find_scripts(std::optional<std::string_view> wanted, const fs::path& executable) {
  const auto from_environment = environment("MOONBOX_SCRIPTS");
  if (!wanted && from_environment) wanted = *from_environment;
  if (wanted) {
    const fs::path folder = absolute_folder(fs::path(*wanted));
    if (holds_scripts(folder)) return folder;
    return fail(
        Error{.code = Errc::usage,
              .message = "no scripts in " + folder.string() + " (core/init.lua is missing)",
              .hint = "--scripts and MOONBOX_SCRIPTS name a folder like moonbox's scripts/"});
  }
  std::vector<fs::path> sought;
  if (const auto source = source_tree(executable)) sought.push_back(*source / "scripts");
  sought.push_back(executable.parent_path().parent_path() / "share" / "moonbox" / "scripts");
  for (const fs::path& folder : sought) {
    if (holds_scripts(folder)) return folder;
  }
  std::string list;
  for (const fs::path& folder : sought)
    list += (list.empty() ? "" : ", ") + folder.string();
  return fail(Error{.code = Errc::not_found,
                    .message = "moonbox's scripts were not found; sought in " + list,
                    .hint = "name their folder with --scripts or MOONBOX_SCRIPTS"});
}

}  // namespace engine::instance
