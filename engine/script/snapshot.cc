#include "script/snapshot.hh"

#include "base/defer.hh"
#include "base/file.hh"
#include "base/time.hh"
#include "json/writer.hh"

#include <fmt/format.h>
#include <lua.hpp>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace engine::script {
namespace {

namespace fs = std::filesystem;

/// "core/echo.lua" → "core.echo", "lib/rpc/init.lua" → "lib.rpc".
std::string module_name(std::string name) {
  name.resize(name.size() - std::string_view(".lua").size());
  if (name.ends_with("/init")) name.resize(name.size() - std::string_view("/init").size());
  std::ranges::replace(name, '/', '.');
  return name;
}

bool is_hidden(const fs::directory_entry& entry) {
  return entry.path().filename().native().starts_with('.');
}

bool is_script(const fs::directory_entry& entry) {
  const std::string name = entry.path().filename();
  return name.ends_with(".lua") && !name.ends_with("_spec.lua");
}

/// False if it was removed since its folder was read. That something has the name of a script and
/// cannot be read as one would else go unseen: the file it was to hide would go on serving.
Result<bool> is_there(const fs::directory_entry& entry, const std::string& name) {
  std::error_code code;
  const fs::file_status status = entry.status(code);
  if (fs::is_regular_file(status)) return true;
  const char* what = "a device, pipe or socket";
  if (fs::is_directory(status)) what = "a folder";
  if (status.type() == fs::file_type::not_found) {
    if (!entry.is_symlink(code)) return false;
    what = "a link to a file that is not there";
  } else if (status.type() == fs::file_type::none) {
    what = "a link that leads nowhere";
  }
  return fail(Error{.code = Errc::script,
                    .message = fmt::format("{}: a script is a file, this is {}", name, what),
                    .info = fmt::format(R"({{"file":{}}})", json::quote(entry.path().string()))});
}

int append_bytes(lua_State*, const void* bytes, std::size_t size, void* into) {
  static_cast<std::string*>(into)->append(static_cast<const char*>(bytes), size);
  return 0;
}

/// What LuaJIT says is "core/echo.lua:12: '=' expected near 'x'".
Error compile_error(const Snapshot::File& file, std::string message) {
  int line = 0;
  const std::size_t colon = message.find(':');
  if (colon != std::string::npos) {
    std::from_chars(message.data() + colon + 1, message.data() + message.size(), line);
  }
  return {.code = Errc::script,
          .message = std::move(message),
          .info = fmt::format(R"({{"file":{},"line":{},"source":{}}})",
                              json::quote(file.path.string()),
                              line,
                              json::quote(source_line(file.source, line)))};
}

Result<> compile(lua_State* state, Snapshot::File& file) {
  const std::string chunk = '@' + file.name;
  if (file.source.starts_with('\x1b')) {
    return fail(compile_error(file, file.name + ":1: this is compiled Lua; scripts are text"));
  }
  if (luaL_loadbufferx(state, file.source.data(), file.source.size(), chunk.c_str(), "t") != 0) {
    const char* message = lua_tostring(state, -1);
    return fail(compile_error(file, message == nullptr ? "does not compile" : message));
  }
  lua_dump(state, append_bytes, &file.bytecode);
  lua_settop(state, 0);
  return {};
}

class Fingerprint {
 public:
  void add(std::string_view text) {
    for (const char c : text)
      mix(static_cast<unsigned char>(c));
    mix(0x100);
  }
  [[nodiscard]] std::string text() const { return fmt::format("{:016x}{:016x}", one_, two_); }

 private:
  // FNV-1a twice with different bases: tells versions apart, is no protection against an attacker.
  void mix(std::uint64_t value) {
    one_ = (one_ ^ value) * 0x100000001b3;
    two_ = (two_ ^ (value + 0x9e37)) * 0x100000001b3;
  }
  std::uint64_t one_ = 0xcbf29ce484222325;
  std::uint64_t two_ = 0x84222325cbf29ce4;
};

}  // namespace

Result<> Snapshot::read_root(const fs::path& root, std::size_t index, Reading& reading) {
  std::error_code code;
  // What the iterator gives begins with the root as it is.
  const std::size_t prefix = (root / "").native().size();
  fs::recursive_directory_iterator at(root, code);
  if (code == std::errc::no_such_file_or_directory) return {};
  for (; !code && at != fs::recursive_directory_iterator(); at.increment(code)) {
    if (is_hidden(*at)) {
      at.disable_recursion_pending();
      continue;
    }
    if (!is_script(*at)) continue;
    File file;
    file.path = at->path();
    file.root = index;
    file.name = file.path.native().substr(prefix);
    TRY_ASSIGN(const bool there, is_there(*at, file.name));
    if (!there) continue;
    file.module = module_name(file.name);
    const auto known = files_.find(file.module);
    if (known != files_.end() && known->second->name != file.name &&
        known->second->path == root / known->second->name) {
      return fail(
          Errc::script,
          fmt::format(
              "{} and {} are both module '{}'", known->second->name, file.name, file.module));
    }
    if (known != files_.end()) continue;
    Result<> taken = take_file(file);
    if (!taken && taken.error().code == Errc::not_found) continue;
    TRY(std::move(taken));
    keep(std::move(file), reading);
  }
  if (code) return fail(errno_error("reading scripts in " + root.string(), code.value()));
  return {};
}

/// Its content, or, in an index, what tells whether that has changed.
Result<> Snapshot::take_file(File& file) {
  if (!index_) {
    TRY_ASSIGN(file.source, read_file(file.path));
    return {};
  }
  struct stat facts {};
  if (::stat(file.path.c_str(), &facts) != 0) return fail_errno("reading " + file.path.string());
  const auto nanoseconds = [](const timespec& at) {
    return std::int64_t{at.tv_sec} * 1'000'000'000 + at.tv_nsec;
  };
  const std::int64_t written = nanoseconds(facts.st_mtim);
  const std::int64_t changed = nanoseconds(facts.st_ctim);
  newest_ = std::max({newest_, written, changed});
  file.stamp =
      fmt::format("{} {} {} {}:{}", facts.st_size, written, changed, facts.st_dev, facts.st_ino);
  return {};
}

/// As the file of `before` where they are equal: generations that are kept differ in few files.
void Snapshot::keep(File file, Reading& reading) {
  if (reading.before != nullptr) {
    const auto same = reading.before->files_.find(file.module);
    if (same != reading.before->files_.end() && same->second->path == file.path &&
        same->second->root == file.root && same->second->source == file.source) {
      files_.insert(*same);
      return;
    }
  }
  auto fresh = std::make_shared<File>(std::move(file));
  if (!index_) {
    Fingerprint hash;
    hash.add(fresh->source);
    fresh->stamp = hash.text();
  }
  files_.emplace(fresh->module, fresh);
  reading.fresh.push_back(std::move(fresh));
}

/// The roots count where the files are told apart by what the file system says of them.
void Snapshot::take_fingerprint(const std::vector<fs::path>& roots) {
  Fingerprint fingerprint;
  for (const fs::path& root : roots)
    fingerprint.add(root.native());
  for (const auto& [module, file] : files_) {
    fingerprint.add(file->name);
    fingerprint.add(file->stamp);
  }
  fingerprint_ = fingerprint.text();
}

Result<std::shared_ptr<Snapshot>> Snapshot::index(const std::vector<fs::path>& roots) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->index_ = true;
  Reading reading;
  for (std::size_t i = 0; i < roots.size(); ++i)
    TRY(snapshot->read_root(roots[i], i, reading));
  snapshot->take_fingerprint(roots);
  return snapshot;
}

Result<> Snapshot::compile_all(Reading& reading) {
  lua_State* state = luaL_newstate();
  if (state == nullptr) return fail(Errc::script, "no memory for a Lua state");
  const Defer close([state] { lua_close(state); });
  // In the order of modules, so that of several mistakes the same one is told each time.
  std::ranges::sort(reading.fresh, {}, [](const auto& file) { return file->module; });
  for (const auto& file : reading.fresh)
    TRY(compile(state, *file));
  return {};
}

Result<std::shared_ptr<const Snapshot>> Snapshot::read(const std::vector<fs::path>& roots,
                                                       const Snapshot* before,
                                                       Report* report) {
  auto took = [start = Clock::now()]() mutable {
    const auto spent = Clock::now() - start;
    start += spent;
    return std::chrono::duration_cast<std::chrono::microseconds>(spent).count();
  };
  auto snapshot = std::make_shared<Snapshot>();
  Reading reading{.before = before, .fresh = {}};
  for (std::size_t i = 0; i < roots.size(); ++i)
    TRY(snapshot->read_root(roots[i], i, reading));
  snapshot->take_fingerprint();
  Report told{.read = took(), .fingerprint = snapshot->fingerprint_};
  Result<> compiled = snapshot->compile_all(reading);
  told.compile = took();
  if (report != nullptr) *report = std::move(told);
  TRY(std::move(compiled));
  return snapshot;
}

Result<std::shared_ptr<const Snapshot>> Snapshot::make(const std::vector<Source>& sources) {
  auto snapshot = std::make_shared<Snapshot>();
  Reading reading;
  for (const Source& source : sources) {
    File file;
    file.name = source.name;
    file.path = source.name;
    file.module = module_name(file.name);
    file.source = source.text;
    snapshot->keep(std::move(file), reading);
  }
  snapshot->take_fingerprint();
  TRY(snapshot->compile_all(reading));
  return snapshot;
}

SnapshotDiff diff(const Snapshot& before, const Snapshot& after) {
  SnapshotDiff changes;
  for (const auto& [module, file] : after.files()) {
    const Snapshot::File* old = before.find(module);
    if (old == file.get()) continue;
    if (old == nullptr || old->name != file->name) {
      changes.added.push_back(file->name);
    } else if (old->source != file->source) {
      changes.changed.push_back(file->name);
    }
  }
  for (const auto& [module, file] : before.files()) {
    const Snapshot::File* now = after.find(module);
    if (now == nullptr || now->name != file->name) changes.removed.push_back(file->name);
  }
  for (auto* list : {&changes.added, &changes.removed, &changes.changed})
    std::ranges::sort(*list);
  return changes;
}

std::string_view source_line(std::string_view text, int number) {
  for (; number > 1; --number) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return number < 1 ? std::string_view() : text.substr(0, text.find('\n'));
}

const Snapshot::File* Snapshot::entry(std::string_view module) const {
  const auto found = files_.find(module);
  return found == files_.end() ? nullptr : found->second.get();
}

const Snapshot::File* Snapshot::find(std::string_view module) const {
  const File* file = entry(module);
  if (file != nullptr && index_ && file->source.empty()) {
    auto text = read_file(file->path);
    if (!text) return nullptr;  // it has just been removed
    file->source = std::move(*text);
  }
  return file;
}

const Snapshot::File* Snapshot::find_by_name(std::string_view name) const {
  if (!name.ends_with(".lua")) return nullptr;
  const File* file = find(module_name(std::string(name)));
  return file != nullptr && file->name == name ? file : nullptr;
}

}  // namespace engine::script
