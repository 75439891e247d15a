#include "archive/writer.hh"
#include "base/file.hh"
#include "bindings/archive_job.hh"
#include "crypto/pem.hh"
#include "script/convert.hh"

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

}  // namespace

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

}  // namespace engine::bindings
