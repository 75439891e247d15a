#include "archive/extract.hh"
#include "archive/level.hh"
#include "archive/manifest.hh"
#include "archive/package.hh"
#include "archive/pattern.hh"
#include "archive/sections.hh"
#include "bindings/archive_job.hh"
#include "bindings/modules.hh"
#include "crypto/pem.hh"
#include "script/object.hh"
#include "script/thunk.hh"

#include "fetch/http_source.hh"
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <vector>

namespace engine::bindings {
namespace {

using archive::Archive;

/// For work that gives nothing: `true`.
struct Nothing {};
int push_true(lua_State* state, Nothing&&) {
  lua_pushboolean(state, 1);
  return 1;
}

// --- opening ----------------------------------------------------------------------------------

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

using SourceMaker = UniqueFunction<Result<std::shared_ptr<const archive::ByteSource>>()>;

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

Result<int> archive_open_url(lua_State* state) {
  std::string url(script::check_string(state, 1));
  return start_open(
      state,
      [url = std::move(url), connect = connect_at(state, 2)] {
        return fetch::HttpSource::open(url, connect);
      },
      2);
}

// --- package methods --------------------------------------------------------------------------

Result<int> package_manifest(lua_State* state) {
  const auto package = script::check_object<Package>(state, 1);
  if (!package->manifest) return fail(package->manifest.error());
  script::push_value(state, *package->manifest);
  return 1;
}

int package_commitment(lua_State* state) {
  return push_commitment(state, script::check_object<Package>(state, 1)->archive->commitment());
}

int package_size(lua_State* state) {
  const auto size = script::check_object<Package>(state, 1)->archive->source().size();
  lua_pushnumber(state, static_cast<lua_Number>(size));
  return 1;
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
  if (entry.type == archive::EntryType::file) {
    lua_pushnumber(state, static_cast<lua_Number>(entry.position));
    lua_setfield(state, -2, "position");
  }
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

int package_find(lua_State* state) {
  auto package = script::check_object<Package>(state, 1);
  std::string path(script::check_string(state, 2));
  return run_job<Listing>(state,
                          {.work = [package = std::move(package), path = std::move(path)](
                                       const std::stop_token&) -> Result<Listing> {
                             TRY_ASSIGN(auto entry, package->archive->find(path));
                             return Listing{{path, std::move(entry)}};
                           },
                           .push =
                               [](lua_State* target, Listing&& found) {
                                 push_entry(target, found.front().first, found.front().second);
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
  const double mode = script::field_number(state, 4, "mode").value_or(0644);
  luaL_argcheck(state, mode >= 0 && mode <= 0777, 4, "mode must be permission bits");
  const unsigned threads = threads_at(state, 4);
  return run_job<Nothing>(state,
                          {.work = [package = std::move(package),
                                    path = std::move(path),
                                    destination = std::move(destination),
                                    mode,
                                    threads](const std::stop_token& stop) -> Result<Nothing> {
                             TRY(archive::extract_file(*package->archive,
                                                       path,
                                                       destination,
                                                       static_cast<unsigned>(mode),
                                                       {.threads = threads, .stop = stop}));
                             return Nothing{};
                           },
                           .push = &push_true});
}

/// The bytes of all files that are present, a shared section once for each.
Result<std::uint64_t> content_size(const Archive& archive) {
  std::uint64_t total = 0;
  TRY(archive.walk([&](const std::string&, const archive::Entry& entry) -> Result<> {
    if (entry.type == archive::EntryType::file) total += entry.size;
    return {};
  }));
  return total;
}

int package_extract_all(lua_State* state) {
  auto package = script::check_object<Package>(state, 1);
  std::string folder(script::check_string(state, 2));
  const unsigned threads = threads_at(state, 3);
  const auto progress = progress_at(state, 3);
  return run_job<archive::ExtractReport>(
      state,
      {.work = [package = std::move(package),
                folder = std::move(folder),
                threads,
                call = forward_progress(progress)](
                   const std::stop_token& stop) -> Result<archive::ExtractReport> {
         TRY_ASSIGN(const std::uint64_t total, content_size(*package->archive));
         return archive::extract_tree(
             *package->archive,
             folder,
             {.threads = threads, .stop = stop, .progress = archive::sum_progress(total, call)});
       },
       .push =
           [](lua_State* target, archive::ExtractReport&& report) {
             lua_createtable(target, 0, 3);
             set_count(target, "files", report.files);
             set_count(target, "directories", report.directories);
             set_count(target, "bytes", report.bytes);
             return 1;
           },
       .progress = progress});
}

int package_print(lua_State* state) {
  auto package = script::check_object<Package>(state, 1);
  std::string path(script::check_string(state, 2));
  return run_job<Nothing>(
      state,
      {.work = [package = std::move(package),
                path = std::move(path)](const std::stop_token& stop) -> Result<Nothing> {
         TRY_ASSIGN(const auto entry, package->archive->find(path));
         archive::StreamSink output(STDOUT_FILENO);
         TRY(package->archive->verify(path, entry, {.threads = 1, .stop = stop}, &output));
         return Nothing{};
       },
       .push = &push_true});
}

int push_report(lua_State* state, archive::CheckReport&& report) {
  lua_createtable(state, 0, 5);
  set_count(state, "files", report.contents.files);
  set_count(state, "directories", report.contents.directories);
  set_count(state, "missing", report.contents.missing);
  set_count(state, "bytes", report.contents.bytes);
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

Result<int> archive_check_manifest(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  TRY_ASSIGN(const json::Value manifest, script::to_value(state, 1));
  TRY(archive::check_manifest(manifest));
  lua_pushboolean(state, 1);
  return 1;
}

int archive_is_icon(lua_State* state) {
  lua_pushboolean(state, static_cast<int>(archive::is_icon_name(script::check_string(state, 1))));
  return 1;
}

Result<int> archive_search(lua_State* state) {
  const auto pattern = script::check_string(state, 1);
  const auto text = script::check_string(state, 2);
  TRY_ASSIGN(const bool found, archive::search_pattern(pattern, text));
  lua_pushboolean(state, static_cast<int>(found));
  return 1;
}

}  // namespace

int open_archive(lua_State* state) {
  static const luaL_Reg methods[] = {{"manifest", script::thunk<&package_manifest>},
                                     {"commitment", script::thunk<&package_commitment>},
                                     {"size", script::thunk<&package_size>},
                                     {"signer", script::thunk<&package_signer>},
                                     {"list", script::thunk<&package_list>},
                                     {"find", script::thunk<&package_find>},
                                     {"read", script::thunk<&package_read>},
                                     {"extract", script::thunk<&package_extract>},
                                     {"extract_all", script::thunk<&package_extract_all>},
                                     {"print", script::thunk<&package_print>},
                                     {"rewrite", script::thunk<&package_rewrite>},
                                     {"verify", script::thunk<&package_verify>},
                                     {"close", script::thunk<&script::release_object<Package>>},
                                     {nullptr, nullptr}};
  static const luaL_Reg functions[] = {{"open", script::thunk<&archive_open>},
                                       {"open_legacy", script::thunk<&archive_open_legacy>},
                                       {"open_legacy_url", script::thunk<&archive_open_legacy_url>},
                                       {"open_url", script::thunk<&archive_open_url>},
                                       {"seal", script::thunk<&archive_seal>},
                                       {"write", script::thunk<&archive_write>},
                                       {"check_manifest", script::thunk<&archive_check_manifest>},
                                       {"is_icon", script::thunk<&archive_is_icon>},
                                       {"search", script::thunk<&archive_search>},
                                       {nullptr, nullptr}};
  script::define_class<Package>(state, methods);
  define_legacy(state);
  lua_newtable(state);
  luaL_register(state, nullptr, functions);
  return 1;
}

}  // namespace engine::bindings
