#include "bindings/lxc_host.hh"
#include "bindings/lxc_spec.hh"
#include "lxc/inside.hh"
#include "script/task.hh"
#include "script/thunk.hh"

namespace engine::bindings {
namespace {

namespace fs = std::filesystem;

int offload_directory(lua_State* state,
                      lxc::ContainerSpec spec,
                      const fs::path& source,
                      const fs::path& target,
                      bool read_only) {
  return script::offload(
      state, [spec = std::move(spec), source, target, read_only, host = host_of(state)] {
        return lxc::mount_directory(spec, host->namespaces, source, target, read_only);
      });
}

int offload_image(lua_State* state,
                  lxc::ContainerSpec spec,
                  ScriptImage image,
                  const fs::path& target) {
  return script::offload(
      state, [spec = std::move(spec), image = std::move(image), target, host = host_of(state)] {
        return lxc::mount_image(spec, host->namespaces, image.region, image.key, target);
      });
}

/// One path component from a script.
std::string name_at(lua_State* state, int index) {
  std::string name = text_at(state, index);
  if (name.empty() || name.front() == '.' || name.find('/') != std::string::npos) {
    luaL_argerror(state, index, "a plain name expected");
  }
  return name;
}

bool read_only_at(lua_State* state, int options) {
  if (lua_gettop(state) < options) return false;
  return script::field_boolean(state, options, "readonly").value_or(false);
}

/// lxc.mount_package(spec, image) → true | nil, err   *async*
Result<int> lxc_mount_package(lua_State* state) {
  TRY_ASSIGN(ScriptSpec spec, spec_at(state, 1));
  return offload_image(
      state, std::move(spec.container), image_at(state, 2), "usr/lib/startos/package");
}

/// lxc.mount_assets(spec, image) → true | nil, err   *async*
Result<int> lxc_mount_assets(lua_State* state) {
  TRY_ASSIGN(ScriptSpec spec, spec_at(state, 1));
  return offload_image(
      state, std::move(spec.container), image_at(state, 2), "media/startos/assets");
}

Result<> mount_with_metadata(const lxc::ContainerSpec& spec,
                             LxcHost& host,
                             const ScriptImage& image,
                             const fs::path& target,
                             const std::vector<std::pair<std::string, std::string>>& files) {
  for (const auto& [suffix, content] : files) {
    TRY(lxc::write_file(spec, target.string() + suffix, content));
  }
  return lxc::mount_image(spec, host.namespaces, image.region, image.key, target);
}

/// lxc.mount_image(spec, id, image, {env?, json?}) → true | nil, err   *async*
Result<int> lxc_mount_image(lua_State* state) {
  TRY_ASSIGN(ScriptSpec spec, spec_at(state, 1));
  std::vector<std::pair<std::string, std::string>> files;
  if (lua_gettop(state) >= 4) {
    for (const char* kind : {"env", "json"}) {
      auto content = script::field_string(state, 4, kind);
      if (content) files.emplace_back(std::string(".") + kind, std::move(*content));
    }
  }
  return script::offload(
      state,
      [spec = std::move(spec.container),
       target = fs::path("media/startos/images") / name_at(state, 2),
       image = image_at(state, 3),
       files = std::move(files),
       host = host_of(state)] { return mount_with_metadata(spec, *host, image, target, files); });
}

/// lxc.mount_volume(spec, volume, directory, opts?) → true | nil, err   *async*
Result<int> lxc_mount_volume(lua_State* state) {
  TRY_ASSIGN(ScriptSpec spec, spec_at(state, 1));
  const fs::path target = fs::path("media/startos/volumes") / name_at(state, 2);
  return offload_directory(
      state, std::move(spec.container), text_at(state, 3), target, read_only_at(state, 4));
}

/// lxc.mount_backup(spec, directory, opts?) → true | nil, err   *async*
Result<int> lxc_mount_backup(lua_State* state) {
  TRY_ASSIGN(ScriptSpec spec, spec_at(state, 1));
  return offload_directory(state,
                           std::move(spec.container),
                           text_at(state, 2),
                           "media/startos/backup",
                           read_only_at(state, 3));
}

/// lxc.unmount_backup(spec) → true | nil, err   *async*
Result<int> lxc_unmount_backup(lua_State* state) {
  TRY_ASSIGN(ScriptSpec spec, spec_at(state, 1));
  return script::offload(state, [spec = std::move(spec.container)] {
    return lxc::unmount(spec, "media/startos/backup");
  });
}

/// lxc.write_file(spec, target, content) → true | nil, err   *async*
Result<int> lxc_write_file(lua_State* state) {
  TRY_ASSIGN(ScriptSpec spec, spec_at(state, 1));
  return script::offload(
      state,
      [spec = std::move(spec.container),
       target = fs::path(text_at(state, 2)).relative_path(),
       content = text_at(state, 3)] { return lxc::write_file(spec, target, content); });
}

/// lxc.create_fs(spec, image, guid) → path inside | nil, err   *async*
Result<int> lxc_create_fs(lua_State* state) {
  TRY_ASSIGN(ScriptSpec spec, spec_at(state, 1));
  return script::offload<std::string>(
      state,
      [spec = std::move(spec.container),
       image = text_at(state, 2),
       guid = text_at(state, 3)]() -> Result<std::string> {
        TRY_ASSIGN(const fs::path made, lxc::make_subcontainer_root(spec, image, guid));
        return made.string();
      },
      &push_text);
}

/// lxc.destroy_fs(spec, guid) → true | nil, err   *async*
Result<int> lxc_destroy_fs(lua_State* state) {
  TRY_ASSIGN(ScriptSpec spec, spec_at(state, 1));
  return script::offload(state, [spec = std::move(spec.container), guid = text_at(state, 2)] {
    return lxc::remove_subcontainer_root(spec, guid);
  });
}

constexpr luaL_Reg kFunctions[] = {{"create_fs", script::thunk<lxc_create_fs>},
                                   {"destroy_fs", script::thunk<lxc_destroy_fs>},
                                   {"mount_assets", script::thunk<lxc_mount_assets>},
                                   {"mount_backup", script::thunk<lxc_mount_backup>},
                                   {"mount_image", script::thunk<lxc_mount_image>},
                                   {"mount_package", script::thunk<lxc_mount_package>},
                                   {"mount_volume", script::thunk<lxc_mount_volume>},
                                   {"unmount_backup", script::thunk<lxc_unmount_backup>},
                                   {"write_file", script::thunk<lxc_write_file>},
                                   {nullptr, nullptr}};

}  // namespace

void add_lxc_mounts(lua_State* state) {
  luaL_setfuncs(state, kFunctions, 1);
}

}  // namespace engine::bindings
