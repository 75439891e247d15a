#include "archive/level.hh"
#include "archive/manifest.hh"
#include "archive/writer.hh"
#include "base/file.hh"
#include "base/parallel.hh"
#include "bindings/modules.hh"
#include "crypto/pem.hh"
#include "script/object.hh"
#include "script/task.hh"
#include "script/thunk.hh"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

namespace engine::bindings {
namespace {

using archive::Archive;

/// An opened package as scripts hold it. Shared with the pool while it works on it.
struct Package {
  static constexpr const char* kLuaName = "engine.archive.Package";
  std::shared_ptr<const Archive> archive;
  Result<json::Value> manifest;
};

// --- background work --------------------------------------------------------------------------

using ProgressCall = std::function<void(std::uint64_t done, std::uint64_t total)>;

/// A script's progress function. Only the VM's thread owns it; pool threads hold weak pointers and
/// post to the loop.
struct ProgressTarget {
  script::Vm& vm;
  script::Ref function;

  void call(std::uint64_t done, std::uint64_t total) {
    if (!function) return;  // the VM is closed
    vm.call(
        function,
        [done, total](lua_State* state) {
          lua_pushnumber(state, static_cast<lua_Number>(done));
          lua_pushnumber(state, static_cast<lua_Number>(total));
          return 2;
        },
        {},
        [](const script::Outcome&) {});
  }
};

std::shared_ptr<ProgressTarget> progress_at(lua_State* state, int options) {
  if (!lua_istable(state, options)) return nullptr;
  lua_getfield(state, options, "progress");
  if (lua_isnil(state, -1)) {
    lua_pop(state, 1);
    return nullptr;
  }
  luaL_checktype(state, -1, LUA_TFUNCTION);
  return std::make_shared<ProgressTarget>(
      ProgressTarget{script::Vm::of(state), script::Ref::pop(state)});
}

/// Hands figures from any thread to the script, at most ten times a second and at the end.
ProgressCall forward_progress(const std::shared_ptr<ProgressTarget>& target) {
  if (!target) return {};
  return [weak = std::weak_ptr(target), &loop = target->vm.loop(), last = TimePoint{}](
             std::uint64_t done, std::uint64_t total) mutable {
    const TimePoint now = Clock::now();
    if (done < total && now - last < Milliseconds(100)) return;
    last = now;
    loop.post([weak, done, total] {
      if (const auto alive = weak.lock()) alive->call(done, total);
    });
  };
}

template <typename T>
struct Job {
  UniqueFunction<Result<T>(std::stop_token)> work;
  UniqueFunction<int(lua_State*, T&&)> push;
  std::shared_ptr<ProgressTarget> progress = nullptr;  ///< kept alive until the work is done
};

/// Runs a job on the offload pool; cancelling the task stops the work soon.
template <typename T>
int run_job(lua_State* state, Job<T> job) {
  std::stop_source stop;
  auto work = [work = std::move(job.work), token = stop.get_token()]() mutable {
    return work(token);
  };
  auto push = [push = std::move(job.push), progress = std::move(job.progress)](
                  lua_State* target, T&& value) mutable { return push(target, std::move(value)); };
  auto* pool = script::offload_pool(state);
  if (pool == nullptr) return script::offload<T>(state, std::move(work), std::move(push));
  return script::suspend(state, [&](script::Resumer resumer) -> script::Cancel {
    pool->run<T>(script::Vm::of(state).loop(),
                 std::move(work),
                 script::Resumer::completion<T>(std::move(resumer), std::move(push)));
    return [stop]() mutable { stop.request_stop(); };
  });
}

/// For work that gives nothing: `true`.
struct Nothing {};
int push_true(lua_State* state, Nothing&&) {
  lua_pushboolean(state, 1);
  return 1;
}

unsigned threads_at(lua_State* state, int options) {
  const double asked = script::field_number(state, options, "threads").value_or(0);
  return asked >= 1 ? static_cast<unsigned>(std::min(asked, 64.0)) : processor_count();
}

// --- commitments ------------------------------------------------------------------------------

int push_commitment(lua_State* state, const archive::Commitment& commitment) {
  lua_createtable(state, 0, 3);
  script::push_string(state, commitment.sighash_base64());
  lua_setfield(state, -2, "rootSighash");
  script::push_string(state, commitment.sighash_hex());
  lua_setfield(state, -2, "rootSighashHex");
  lua_pushnumber(state, static_cast<lua_Number>(commitment.root_maxsize));
  lua_setfield(state, -2, "rootMaxsize");
  return 1;
}

Result<archive::Commitment> make_commitment(std::string_view sighash, double maxsize) {
  if (!(maxsize >= 0) || maxsize > 9007199254740992.0) {
    return fail(Errc::invalid_params, "rootMaxsize must be a whole number of bytes");
  }
  TRY_ASSIGN(const auto digest, archive::parse_root_sighash(sighash));
  return archive::Commitment{.root_sighash = digest,
                             .root_maxsize = static_cast<std::uint64_t>(maxsize)};
}

/// `opts.commitment`: the root hash as text, or {rootSighash, rootMaxsize}; without a size the
/// bound is the one that holds without a commitment.
Result<std::optional<archive::Commitment>> commitment_at(lua_State* state, int options) {
  constexpr auto kDefault = static_cast<double>(archive::kMaxRootWithoutCommitment);
  if (!lua_istable(state, options)) return std::nullopt;
  lua_getfield(state, options, "commitment");
  const int at = lua_gettop(state);
  Result<std::optional<archive::Commitment>> out = std::nullopt;
  if (lua_isstring(state, at) != 0) {
    out = make_commitment(script::check_string(state, at), kDefault);
  } else if (lua_istable(state, at)) {
    out = make_commitment(script::field_string(state, at, "rootSighash").value_or(""),
                          script::field_number(state, at, "rootMaxsize").value_or(kDefault));
  } else if (!lua_isnil(state, at)) {
    luaL_error(state, "commitment must be a string or a table");
  }
  lua_pop(state, 1);
  return out;
}

// --- opening ----------------------------------------------------------------------------------

using SourceMaker = UniqueFunction<Result<std::shared_ptr<const archive::FileSource>>()>;

Result<std::shared_ptr<Package>> open_package(SourceMaker make,
                                              std::optional<archive::Commitment> commitment) {
  TRY_ASSIGN(auto source, make());
  TRY_ASSIGN(auto opened, Archive::open(std::move(source), {.commitment = commitment}));
  auto manifest = archive::read_manifest(*opened);
  return std::make_shared<Package>(
      Package{.archive = std::move(opened), .manifest = std::move(manifest)});
}

Result<int> start_open(lua_State* state, SourceMaker make, int options) {
  TRY_ASSIGN(const auto commitment, commitment_at(state, options));
  return run_job<std::shared_ptr<Package>>(
      state,
      {.work =
           [make = std::move(make), commitment](const std::stop_token&) mutable {
             return open_package(std::move(make), commitment);
           },
       .push =
           [](lua_State* target, std::shared_ptr<Package>&& package) {
             script::push_object(target, std::move(package));
             return 1;
           }});
}

Result<int> archive_open(lua_State* state) {
  std::string path(script::check_string(state, 1));
  return start_open(
      state, [path = std::move(path)] { return archive::FileSource::open(path); }, 2);
}

Result<int> archive_open_fd(lua_State* state) {
  const auto fd = static_cast<int>(luaL_checkinteger(state, 1));
  std::string name(script::opt_string(state, 2).value_or("the package"));
  UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (!copy) return fail_errno("duplicating a file descriptor");
  return start_open(
      state,
      [copy = std::move(copy), name = std::move(name)]() mutable {
        return archive::FileSource::adopt(std::move(copy), std::move(name));
      },
      3);
}

// --- package methods --------------------------------------------------------------------------

Result<int> package_manifest(lua_State* state) {
  const auto package = script::check_object<Package>(state, 1);
  if (!package->manifest) return fail(package->manifest.error());
  script::push_value(state, *package->manifest);
  return 1;
}

Result<int> package_manifest_raw(lua_State* state) {
  const auto package = script::check_object<Package>(state, 1);
  TRY_ASSIGN(const std::string text, package->archive->read_file("manifest.json"));
  script::push_string(state, text);
  return 1;
}

int package_commitment(lua_State* state) {
  return push_commitment(state, script::check_object<Package>(state, 1)->archive->commitment());
}

int package_signer(lua_State* state) {
  script::push_string(state,
                      crypto::to_pem(script::check_object<Package>(state, 1)->archive->signer()));
  return 1;
}

void push_entry(lua_State* state, const std::string& path, const archive::Entry& entry) {
  lua_createtable(state, 0, 4);
  script::push_string(state, path);
  lua_setfield(state, -2, "path");
  script::push_string(state, archive::type_name(entry.type));
  lua_setfield(state, -2, "type");
  lua_pushnumber(state, static_cast<lua_Number>(entry.size));
  lua_setfield(state, -2, "size");
  script::push_string(state, to_hex(entry.hash));
  lua_setfield(state, -2, "hash");
}

using Listing = std::vector<std::pair<std::string, archive::Entry>>;

/// Everything below `below` (all of it when empty), depth first.
Result<Listing> list_below(const Archive& archive, const std::string& below) {
  if (!below.empty()) TRY(archive.list(below));  // says what is wrong with the path
  const std::string prefix = below.empty() ? "" : below + "/";
  Listing out;
  TRY(archive.walk([&](const std::string& path, const archive::Entry& entry) -> Result<> {
    if (path.starts_with(prefix)) out.emplace_back(path, entry);
    return {};
  }));
  return out;
}

int package_list(lua_State* state) {
  auto package = script::check_object<Package>(state, 1);
  std::string below(script::opt_string(state, 2).value_or(""));
  return run_job<Listing>(
      state,
      {.work = [package = std::move(package), below = std::move(below)](
                   const std::stop_token&) { return list_below(*package->archive, below); },
       .push =
           [](lua_State* target, Listing&& listing) {
             lua_createtable(target, static_cast<int>(listing.size()), 0);
             script::mark_array(target);
             int index = 0;
             for (const auto& [path, entry] : listing) {
               push_entry(target, path, entry);
               lua_rawseti(target, -2, ++index);
             }
             return 1;
           }});
}

int package_read(lua_State* state) {
  auto package = script::check_object<Package>(state, 1);
  std::string path(script::check_string(state, 2));
  return run_job<std::string>(
      state,
      {.work = [package = std::move(package), path = std::move(path)](
                   const std::stop_token&) { return package->archive->read_file(path); },
       .push =
           [](lua_State* target, std::string&& content) {
             script::push_string(target, content);
             return 1;
           }});
}

int package_extract(lua_State* state) {
  auto package = script::check_object<Package>(state, 1);
  std::string path(script::check_string(state, 2));
  std::string destination(script::check_string(state, 3));
  const auto mode = static_cast<unsigned>(script::field_number(state, 4, "mode").value_or(0644));
  const unsigned threads = threads_at(state, 4);
  return run_job<Nothing>(
      state,
      {.work = [package = std::move(package),
                path = std::move(path),
                destination = std::move(destination),
                mode,
                threads](const std::stop_token& stop) -> Result<Nothing> {
         TRY(archive::extract_file(
             *package->archive, path, destination, mode, {.threads = threads, .stop = stop}));
         return Nothing{};
       },
       .push = &push_true});
}

int push_report(lua_State* state, archive::CheckReport&& report) {
  lua_createtable(state, 0, 5);
  const auto set = [state](const char* name, std::uint64_t value) {
    lua_pushnumber(state, static_cast<lua_Number>(value));
    lua_setfield(state, -2, name);
  };
  set("files", report.contents.files);
  set("directories", report.contents.directories);
  set("missing", report.contents.missing);
  set("bytes", report.contents.bytes);
  lua_createtable(state, static_cast<int>(report.warnings.size()), 0);
  script::mark_array(state);
  int index = 0;
  for (const std::string& warning : report.warnings) {
    script::push_string(state, warning);
    lua_rawseti(state, -2, ++index);
  }
  lua_setfield(state, -2, "warnings");
  return 1;
}

Result<int> package_verify(lua_State* state) {
  auto package = script::check_object<Package>(state, 1);
  TRY_ASSIGN(const auto level,
             archive::level_from_name(script::field_string(state, 2, "level").value_or("package")));
  TRY_ASSIGN(const auto commitment, commitment_at(state, 2));
  archive::CheckOptions options{.level = level,
                                .arch = script::field_string(state, 2, "arch").value_or("")};
  options.verify.threads = threads_at(state, 2);
  const auto progress = progress_at(state, 2);
  options.verify.progress = forward_progress(progress);
  return run_job<archive::CheckReport>(
      state,
      {.work = [package = std::move(package), commitment, options = std::move(options)](
                   const std::stop_token& stop) mutable -> Result<archive::CheckReport> {
         TRY(archive::check_commitment(package->archive->commitment(), commitment));
         options.verify.stop = stop;
         return archive::check(*package->archive, options);
       },
       .push = &push_report,
       .progress = progress});
}

// --- writing ----------------------------------------------------------------------------------

/// One element of `entries`; nothing of the file system is touched yet.
struct NewEntry {
  std::string path;
  std::optional<std::string> data;
  std::optional<std::string> file;
};

std::vector<NewEntry> entries_at(lua_State* state, int options) {
  std::vector<NewEntry> out;
  lua_getfield(state, options, "entries");
  luaL_checktype(state, -1, LUA_TTABLE);
  const int list = lua_gettop(state);
  const auto count = static_cast<int>(lua_objlen(state, list));
  for (int i = 1; i <= count; ++i) {
    lua_rawgeti(state, list, i);
    const int row = lua_gettop(state);
    luaL_checktype(state, row, LUA_TTABLE);
    NewEntry entry{.path = script::field_string(state, row, "path").value_or(""),
                   .data = script::field_string(state, row, "data"),
                   .file = script::field_string(state, row, "file")};
    if (entry.data && entry.file) luaL_error(state, "entry %d has both data and file", i);
    out.push_back(std::move(entry));
    lua_pop(state, 1);
  }
  lua_pop(state, 1);
  return out;
}

Result<archive::Tree> build_tree(const std::vector<NewEntry>& entries) {
  archive::Tree tree;
  for (const NewEntry& entry : entries) {
    if (entry.data) {
      TRY(tree.add_text(entry.path, *entry.data));
    } else if (entry.file) {
      TRY_ASSIGN(auto source, archive::FileSource::open(*entry.file));
      TRY(tree.add_file(entry.path, std::move(source)));
    } else {
      TRY(tree.add_directory(entry.path));
    }
  }
  return tree;
}

Result<crypto::SigningKey> read_key(const std::string& path) {
  TRY_ASSIGN(std::string text, read_file(path, 16384));
  auto key = crypto::signing_key_from_pem(text);
  if (!key) return fail(std::move(key).error().context("reading the key " + path));
  return key;
}

Result<archive::Commitment> write_package(const std::string& output,
                                          const std::string& key_path,
                                          const std::vector<NewEntry>& entries,
                                          const archive::WriteOptions& options) {
  TRY_ASSIGN(const auto key, read_key(key_path));
  TRY_ASSIGN(const auto tree, build_tree(entries));
  return archive::write_archive_file(tree, key, output, options);
}

std::string needed_field(lua_State* state, const char* name) {
  auto value = script::field_string(state, 1, name);
  if (!value) luaL_error(state, "the field %s is missing", name);
  return std::move(*value);
}

int archive_write(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  std::string output = needed_field(state, "output");
  std::string key = needed_field(state, "key");
  auto entries = entries_at(state, 1);
  archive::WriteOptions options{.threads = threads_at(state, 1)};
  const auto progress = progress_at(state, 1);
  options.progress = forward_progress(progress);
  return run_job<archive::Commitment>(
      state,
      {.work =
           [output = std::move(output),
            key = std::move(key),
            entries = std::move(entries),
            options = std::move(options)](const std::stop_token& stop) mutable {
             options.stop = stop;
             return write_package(output, key, entries, options);
           },
       .push = [](lua_State* target,
                  archive::Commitment&& made) { return push_commitment(target, made); },
       .progress = progress});
}

}  // namespace

int open_archive(lua_State* state) {
  static const luaL_Reg methods[] = {{"manifest", script::thunk<&package_manifest>},
                                     {"manifest_raw", script::thunk<&package_manifest_raw>},
                                     {"commitment", script::thunk<&package_commitment>},
                                     {"signer", script::thunk<&package_signer>},
                                     {"list", script::thunk<&package_list>},
                                     {"read", script::thunk<&package_read>},
                                     {"extract", script::thunk<&package_extract>},
                                     {"verify", script::thunk<&package_verify>},
                                     {"close", script::thunk<&script::release_object<Package>>},
                                     {nullptr, nullptr}};
  static const luaL_Reg functions[] = {{"open", script::thunk<&archive_open>},
                                       {"open_fd", script::thunk<&archive_open_fd>},
                                       {"write", script::thunk<&archive_write>},
                                       {nullptr, nullptr}};
  script::define_class<Package>(state, methods);
  lua_newtable(state);
  luaL_register(state, nullptr, functions);
  return 1;
}

}  // namespace engine::bindings
