#include "base/file.hh"

#include "bindings/modules.hh"
#include "ns/copy_tree.hh"
#include "script/convert.hh"
#include "script/task.hh"
#include "script/thunk.hh"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

namespace engine::bindings {
namespace {

namespace fs = std::filesystem;
using script::offload;
using script::push_string;

struct Entry {
  std::string name;
  const char* type;
};

struct Status {
  struct stat info;
  std::string target;  ///< of a symbolic link
};

fs::path check_path(lua_State* state, int index) {
  const std::string_view path = script::check_string(state, index);
  if (path.empty()) luaL_argerror(state, index, "a path expected");
  if (path.find('\0') != std::string_view::npos) luaL_argerror(state, index, "NUL in a path");
  return path;
}

tl::unexpected<Error> fail_code(std::string_view what, const fs::path& path, std::error_code code) {
  return fail(errno_error(std::string(what) + ' ' + path.string(), code.value()));
}

const char* type_name(mode_t mode) {
  if (S_ISREG(mode)) return "file";
  if (S_ISDIR(mode)) return "directory";
  if (S_ISLNK(mode)) return "symlink";
  return "other";
}

/// file.read(path, opts?) → content | nil, err   *async*
int file_read(lua_State* state) {
  fs::path path = check_path(state, 1);
  const double limit = script::field_number(state, 2, "max").value_or(64.0 * (1U << 20U));
  return offload<std::string>(
      state,
      [path = std::move(path), limit] { return read_file(path, static_cast<std::size_t>(limit)); },
      [](lua_State* on, std::string&& content) {
        push_string(on, content);
        return 1;
      });
}

Result<std::string> read_part(const fs::path& path, std::size_t offset, std::size_t size) {
  TRY_ASSIGN(const UniqueFd fd, engine::open_file(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return fail_errno("stat " + path.string());
  if (!S_ISREG(info.st_mode)) return fail(Errc::filesystem, path.string() + " is no regular file");
  std::string part(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    const ssize_t got =
        ::pread(fd.get(), part.data() + have, size - have, static_cast<off_t>(offset + have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("read " + path.string());
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  part.resize(have);
  return part;
}

/// file.read_part(path, offset, size) → content | nil, err   *async*
int file_read_part(lua_State* state) {
  fs::path path = check_path(state, 1);
  const lua_Number offset = luaL_checknumber(state, 2);
  const lua_Number size = luaL_checknumber(state, 3);
  constexpr lua_Number kMost = 64.0 * (1U << 20U);
  luaL_argcheck(state, offset >= 0 && offset < 9e15, 2, "an offset expected");
  luaL_argcheck(state, size >= 0 && size <= kMost, 3, "at most 64 MiB");
  return offload<std::string>(
      state,
      [path = std::move(path), offset, size] {
        return read_part(path, static_cast<std::size_t>(offset), static_cast<std::size_t>(size));
      },
      [](lua_State* on, std::string&& content) {
        push_string(on, content);
        return 1;
      });
}

/// file.write(path, text, mode?) → true | nil, err   *async*
int file_write(lua_State* state) {
  fs::path path = check_path(state, 1);
  std::string text(script::check_string(state, 2));
  const auto mode = static_cast<unsigned>(luaL_optinteger(state, 3, 0644));
  return offload(state, [path = std::move(path), text = std::move(text), mode] {
    return write_file_atomic(path, text, mode);
  });
}

/// file.append(path, text, mode?) → true | nil, err   *async*
int file_append(lua_State* state) {
  fs::path path = check_path(state, 1);
  std::string text(script::check_string(state, 2));
  const auto mode = static_cast<unsigned>(luaL_optinteger(state, 3, 0644));
  return offload(state, [path = std::move(path), text = std::move(text), mode]() -> Result<> {
    TRY_ASSIGN(const UniqueFd fd, engine::open_file(path, O_WRONLY | O_APPEND | O_CREAT, mode));
    return write_all(fd.get(), text);
  });
}

Result<std::vector<Entry>> list_directory(const fs::path& path) {
  std::vector<Entry> entries;
  std::error_code code;
  for (fs::directory_iterator at(path, code); !code && at != fs::directory_iterator();
       at.increment(code)) {
    struct stat info {};
    if (::lstat(at->path().c_str(), &info) != 0) continue;  // gone since
    entries.push_back({at->path().filename(), type_name(info.st_mode)});
  }
  if (code) return fail_code("list", path, code);
  std::ranges::sort(entries, {}, &Entry::name);
  return entries;
}

/// file.list(path) → {name, type}[] | nil, err   *async*
int file_list(lua_State* state) {
  fs::path path = check_path(state, 1);
  return offload<std::vector<Entry>>(
      state,
      [path = std::move(path)] { return list_directory(path); },
      [](lua_State* on, std::vector<Entry>&& entries) {
        lua_createtable(on, static_cast<int>(entries.size()), 0);
        int index = 0;
        for (const Entry& entry : entries) {
          lua_createtable(on, 0, 2);
          push_string(on, entry.name);
          lua_setfield(on, -2, "name");
          lua_pushstring(on, entry.type);
          lua_setfield(on, -2, "type");
          lua_rawseti(on, -2, ++index);
        }
        script::mark_array(on);
        return 1;
      });
}

Result<> make_directories(const fs::path& path, mode_t mode) {
  const fs::path parent = path.parent_path();
  if (::mkdir(path.c_str(), mode) == 0) return {};
  if (errno == ENOENT && !parent.empty() && parent != path) {
    TRY(make_directories(parent, mode));
    if (::mkdir(path.c_str(), mode) == 0) return {};
  }
  const int problem = errno;
  std::error_code unknown;
  if (problem == EEXIST && fs::is_directory(path, unknown)) return {};
  errno = problem;
  return fail_errno("make directory " + path.string());
}

/// file.mkdir(path, mode?) → true | nil, err   *async*
int file_mkdir(lua_State* state) {
  std::string path = check_path(state, 1);
  while (path.size() > 1 && path.ends_with('/'))
    path.pop_back();
  const auto mode = static_cast<mode_t>(luaL_optinteger(state, 2, 0755));
  return offload(state, [path, mode] { return make_directories(path, mode); });
}

/// file.remove(path, opts?) → true | nil, err   *async*
int file_remove(lua_State* state) {
  fs::path path = check_path(state, 1);
  const bool recursive = script::field_boolean(state, 2, "recursive").value_or(false);
  return offload(state, [path = std::move(path), recursive]() -> Result<> {
    std::error_code code;
    const bool removed = recursive ? fs::remove_all(path, code) > 0 : fs::remove(path, code);
    if (code) return fail_code("remove", path, code);
    if (!removed) return fail(Errc::not_found, "remove " + path.string() + ": it does not exist");
    return {};
  });
}

/// file.discard(path) → true | nil, err
Result<int> file_discard(lua_State* state) {
  const fs::path path = check_path(state, 1);
  std::error_code code;
  fs::remove_all(path, code);
  if (code) return fail_code("remove", path, code);
  lua_pushboolean(state, 1);
  return 1;
}

/// file.rename(from, to) → true | nil, err   *async*
int file_rename(lua_State* state) {
  fs::path from = check_path(state, 1);
  fs::path to = check_path(state, 2);
  return offload(state, [from = std::move(from), to = std::move(to)]() -> Result<> {
    if (::rename(from.c_str(), to.c_str()) == 0) return {};
    return fail_errno("rename " + from.string() + " to " + to.string());
  });
}

/// file.symlink(target, path) → true | nil, err   *async*
int file_symlink(lua_State* state) {
  fs::path target = check_path(state, 1);
  fs::path path = check_path(state, 2);
  return offload(state, [target = std::move(target), path = std::move(path)]() -> Result<> {
    if (::symlink(target.c_str(), path.c_str()) == 0) return {};
    return fail_errno("symlink " + path.string());
  });
}

/// file.copy_tree(from, to) → {files, bytes} | nil, err   *async*
int file_copy_tree(lua_State* state) {
  fs::path from = check_path(state, 1);
  fs::path to = check_path(state, 2);
  return offload<ns::CopyProgress>(
      state,
      [from = std::move(from), to = std::move(to)] {
        return ns::copy_tree(from, to, [](const ns::CopyProgress&) {});
      },
      [](lua_State* on, ns::CopyProgress&& done) {
        lua_createtable(on, 0, 2);
        lua_pushnumber(on, static_cast<lua_Number>(done.files));
        lua_setfield(on, -2, "files");
        lua_pushnumber(on, static_cast<lua_Number>(done.bytes));
        lua_setfield(on, -2, "bytes");
        return 1;
      });
}

Result<Status> read_status(const fs::path& path, bool follow) {
  Status status{};
  const int outcome =
      follow ? ::stat(path.c_str(), &status.info) : ::lstat(path.c_str(), &status.info);
  if (outcome != 0) return fail_errno("stat " + path.string());
  if (S_ISLNK(status.info.st_mode)) {
    std::error_code ignored;
    status.target = fs::read_symlink(path, ignored);
  }
  return status;
}

int push_status(lua_State* state, Status&& status) {
  const auto number = [&](const char* name, auto value) {
    lua_pushnumber(state, static_cast<lua_Number>(value));
    lua_setfield(state, -2, name);
  };
  lua_createtable(state, 0, 8);
  lua_pushstring(state, type_name(status.info.st_mode));
  lua_setfield(state, -2, "type");
  number("size", status.info.st_size);
  number("mode", status.info.st_mode & 07777U);
  number("uid", status.info.st_uid);
  number("gid", status.info.st_gid);
  number("mtime",
         static_cast<double>(status.info.st_mtim.tv_sec) +
             static_cast<double>(status.info.st_mtim.tv_nsec) * 1e-9);
  number("inode", status.info.st_ino);
  if (!status.target.empty()) {
    push_string(state, status.target);
    lua_setfield(state, -2, "target");
  }
  return 1;
}

/// file.stat(path, opts?) → {type, size, mode, uid, gid, mtime, inode, target?} | nil, err *async*
int file_stat(lua_State* state) {
  fs::path path = check_path(state, 1);
  const bool follow = script::field_boolean(state, 2, "follow").value_or(false);
  return offload<Status>(
      state, [path = std::move(path), follow] { return read_status(path, follow); }, push_status);
}

struct Space {
  std::uint64_t total = 0;
  std::uint64_t free = 0;
  std::uint64_t available = 0;
};

Result<Space> read_space(const fs::path& path) {
  std::error_code code;
  const fs::space_info info = fs::space(path, code);
  if (code) return fail_code("space of", path, code);
  return Space{.total = info.capacity, .free = info.free, .available = info.available};
}

int push_space(lua_State* state, Space&& space) {
  lua_createtable(state, 0, 3);
  for (const auto& [name, value] : {std::pair{"total", space.total},
                                    std::pair{"free", space.free},
                                    std::pair{"available", space.available}}) {
    lua_pushnumber(state, static_cast<lua_Number>(value));
    lua_setfield(state, -2, name);
  }
  return 1;
}

/// file.space(path) → {total, free, available} | nil, err   *async*
int file_space(lua_State* state) {
  return offload<Space>(
      state, [path = check_path(state, 1)] { return read_space(path); }, push_space);
}

/// Copies the bytes of one file to another and flushes them to the disk. The standard library's way
/// calls a full disk an input/output error.
Result<> copy_bytes(const fs::path& from, const fs::path& to) {
  TRY_ASSIGN(const UniqueFd source, engine::open_file(from, O_RDONLY));
  struct stat info {};
  if (::fstat(source.get(), &info) != 0) return fail_errno("stat " + from.string());
  if (!S_ISREG(info.st_mode)) return fail(Errc::filesystem, from.string() + " is no regular file");
  TRY_ASSIGN(const UniqueFd target,
             engine::open_file(to, O_WRONLY | O_CREAT | O_TRUNC, info.st_mode & 0777U));
  std::string block(1U << 20U, '\0');
  while (true) {
    const ssize_t got = ::read(source.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("read " + from.string());
    if (got == 0) break;
    TRY(write_all(target.get(), {block.data(), static_cast<std::size_t>(got)}));
  }
  if (::fsync(target.get()) != 0) return fail_errno("fsync " + to.string());
  return {};
}

/// file.copy(from, to) → true | nil, err   *async*
int file_copy(lua_State* state) {
  fs::path from = check_path(state, 1);
  fs::path to = check_path(state, 2);
  return offload(state,
                 [from = std::move(from), to = std::move(to)] { return copy_bytes(from, to); });
}

using Walked = std::vector<std::pair<std::string, Status>>;

Result<Walked> walk_tree(const fs::path& root) {
  Walked found;
  std::error_code code;
  fs::recursive_directory_iterator each(root, code);
  for (; !code && each != fs::recursive_directory_iterator(); each.increment(code)) {
    TRY_ASSIGN(Status status, read_status(each->path(), false));
    found.emplace_back(each->path().lexically_relative(root).string(), std::move(status));
  }
  if (code) return fail_code("walk", root, code);
  std::ranges::sort(found, {}, &Walked::value_type::first);
  return found;
}

/// file.walk(root) → {{path, type, size, …}…} | nil, err   *async*
int file_walk(lua_State* state) {
  fs::path root = check_path(state, 1);
  return offload<Walked>(
      state,
      [root = std::move(root)] { return walk_tree(root); },
      [](lua_State* on, Walked&& found) {
        lua_createtable(on, static_cast<int>(found.size()), 0);
        script::mark_array(on);
        int index = 0;
        for (auto& [path, status] : found) {
          push_status(on, std::move(status));
          push_string(on, path);
          lua_setfield(on, -2, "path");
          lua_rawseti(on, -2, ++index);
        }
        return 1;
      });
}

/// file.exists(path) → boolean   *async*
int file_exists(lua_State* state) {
  fs::path path = check_path(state, 1);
  return offload<bool>(
      state,
      [path = std::move(path)]() -> Result<bool> {
        struct stat info {};
        return ::lstat(path.c_str(), &info) == 0;
      },
      [](lua_State* on, bool&& there) {
        lua_pushboolean(on, there ? 1 : 0);
        return 1;
      });
}

/// file.chmod(path, mode) → true | nil, err   *async*
int file_chmod(lua_State* state) {
  fs::path path = check_path(state, 1);
  const auto mode = static_cast<mode_t>(luaL_checkinteger(state, 2));
  return offload(state, [path = std::move(path), mode]() -> Result<> {
    if (::chmod(path.c_str(), mode) == 0) return {};
    return fail_errno("chmod " + path.string());
  });
}

constexpr luaL_Reg kFunctions[] = {{"read", script::thunk<file_read>},
                                   {"read_part", script::thunk<file_read_part>},
                                   {"write", script::thunk<file_write>},
                                   {"append", script::thunk<file_append>},
                                   {"list", script::thunk<file_list>},
                                   {"mkdir", script::thunk<file_mkdir>},
                                   {"remove", script::thunk<file_remove>},
                                   {"discard", script::thunk<file_discard>},
                                   {"rename", script::thunk<file_rename>},
                                   {"symlink", script::thunk<file_symlink>},
                                   {"copy", script::thunk<file_copy>},
                                   {"copy_tree", script::thunk<file_copy_tree>},
                                   {"stat", script::thunk<file_stat>},
                                   {"space", script::thunk<file_space>},
                                   {"walk", script::thunk<file_walk>},
                                   {"exists", script::thunk<file_exists>},
                                   {"chmod", script::thunk<file_chmod>},
                                   {nullptr, nullptr}};

}  // namespace

int open_file(lua_State* state) {
  luaL_newlib(state, kFunctions);
  return 1;
}

}  // namespace engine::bindings
