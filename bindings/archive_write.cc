#include "archive/edit.hh"
#include "archive/fault.hh"
#include "archive/level.hh"
#include "archive/package.hh"
#include "archive/writer.hh"
#include "bindings/archive_job.hh"
#include "crypto/pem.hh"
#include "script/convert.hh"
#include "script/object.hh"

#include <algorithm>
#include <optional>
#include <vector>

namespace engine::bindings {
namespace {

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

Result<> add_entry(archive::Tree& tree, const NewEntry& entry) {
  tree.remove(entry.path);
  if (entry.data) return tree.add_text(entry.path, *entry.data);
  if (!entry.file) return tree.add_directory(entry.path);
  TRY_ASSIGN(auto source, archive::FileSource::open(*entry.file));
  return tree.add_file(entry.path, std::move(source));
}

/// Everything `archive.write` was asked for.
struct WriteJob {
  std::string output;
  std::shared_ptr<const archive::Archive> base;
  std::vector<std::string> removed;
  std::vector<NewEntry> entries;
  archive::WriteOptions options;

  Result<archive::Tree> tree() const {
    archive::Tree out;
    if (base) {
      TRY_ASSIGN(out, archive::copy_tree(base));
    }
    for (const std::string& path : removed) {
      if (out.remove(path)) continue;
      return fail(Errc::not_found, archive::show_path(path) + " is not in the package");
    }
    for (const NewEntry& entry : entries)
      TRY(add_entry(out, entry));
    return out;
  }

  Result<archive::Commitment> run(const std::stop_token& stop) {
    options.stop = stop;
    TRY_ASSIGN(const auto content, tree());
    return archive::write_archive_file(content, archive::no_seal(), output, options);
  }
};

std::vector<std::string> strings_at(lua_State* state, int options, const char* name) {
  std::vector<std::string> out;
  lua_getfield(state, options, name);
  if (lua_istable(state, -1)) {
    const int list = lua_gettop(state);
    const auto count = static_cast<int>(lua_objlen(state, list));
    for (int i = 1; i <= count; ++i) {
      lua_rawgeti(state, list, i);
      out.emplace_back(script::check_string(state, -1));
      lua_pop(state, 1);
    }
  }
  lua_pop(state, 1);
  return out;
}

std::shared_ptr<const archive::Archive> base_at(lua_State* state, int options) {
  lua_getfield(state, options, "base");
  std::shared_ptr<const archive::Archive> base;
  if (!lua_isnil(state, -1)) {
    base = script::check_object<Package>(state, lua_gettop(state))->archive;
  }
  lua_pop(state, 1);
  return base;
}

int push_made(lua_State* target, archive::Commitment&& made) {
  return push_commitment(target, made);
}

std::string needed_field(lua_State* state, const char* name) {
  auto value = script::field_string(state, 1, name);
  if (!value) luaL_error(state, "the field %s is missing", name);
  return std::move(*value);
}

}  // namespace

int archive_write(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  WriteJob job{.output = needed_field(state, "output"),
               .base = base_at(state, 1),
               .removed = strings_at(state, 1, "remove"),
               .entries = entries_at(state, 1),
               .options = {.threads = threads_at(state, 1)}};
  const auto progress = progress_at(state, 1);
  job.options.progress = forward_progress(progress);
  return run_job<archive::Commitment>(
      state,
      {.work = [job =
                    std::move(job)](const std::stop_token& stop) mutable { return job.run(stop); },
       .push = &push_made,
       .progress = progress});
}

int package_rewrite(lua_State* state) {
  auto package = script::check_object<Package>(state, 1);
  std::string output(script::check_string(state, 2));
  auto arch = script::field_string(state, 3, "arch");
  const bool checked = script::field_boolean(state, 3, "check").value_or(false);
  archive::WriteOptions options{.threads = threads_at(state, 3)};
  const auto progress = progress_at(state, 3);
  options.progress = forward_progress(progress);
  return run_job<archive::Commitment>(
      state,
      {.work = [package = std::move(package),
                output = std::move(output),
                arch = std::move(arch),
                checked,
                options = std::move(options)](
                   const std::stop_token& stop) mutable -> Result<archive::Commitment> {
         options.stop = stop;
         std::function<bool(const std::string&)> keep;
         if (arch || checked) {
           TRY_ASSIGN(const auto outline,
                      archive::check_outline(*package->archive, {.arch = arch.value_or("")}));
           if (arch) {
             TRY_ASSIGN(keep, archive::needed_files(*package->archive, *outline.manifest, *arch));
           }
         }
         TRY_ASSIGN(const auto tree, archive::copy_tree(package->archive, keep));
         return archive::write_archive_file(
             tree, archive::keep_seal(*package->archive), output, options);
       },
       .push = &push_made,
       .progress = progress});
}

int archive_seal(lua_State* state) {
  std::string path(script::check_string(state, 1));
  std::string signer(script::check_string(state, 2));
  std::string signature(script::check_string(state, 3));
  return run_job<bool>(
      state,
      {.work = [path = std::move(path),
                signer = std::move(signer),
                signature = std::move(signature)](const std::stop_token&) -> Result<bool> {
         archive::Seal seal;
         TRY_ASSIGN(seal.signer, crypto::public_key_from_pem(signer));
         TRY_ASSIGN(seal.signature, crypto::signature_from_pem(signature));
         TRY(archive::seal_file(path, seal));
         return true;
       },
       .push =
           [](lua_State* target, bool&& done) {
             lua_pushboolean(target, done);
             return 1;
           }});
}

}  // namespace engine::bindings
