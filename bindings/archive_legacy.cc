#include "archive/legacy.hh"
#include "archive/sink.hh"
#include "bindings/archive_job.hh"
#include "crypto/pem.hh"
#include "script/convert.hh"
#include "script/object.hh"
#include "script/thunk.hh"

#include "fetch/http_source.hh"

namespace engine::bindings {
namespace {

using archive::LegacyPackage;

/// A package of version 1 as scripts hold it. Shared with the pool while it works on it.
struct Legacy {
  static constexpr const char* kLuaName = "engine.archive.LegacyPackage";
  std::shared_ptr<const LegacyPackage> package;
};

template <typename MakeSource>
int start_open(lua_State* state, MakeSource make) {
  const auto progress = progress_at(state, 2);
  return run_job<std::shared_ptr<Legacy>>(
      state,
      {.work = [make = std::move(make), call = forward_progress(progress)](
                   const std::stop_token& stop) -> Result<std::shared_ptr<Legacy>> {
         TRY_ASSIGN(auto source, make());
         TRY_ASSIGN(auto package,
                    LegacyPackage::open(std::move(source), {.stop = stop, .progress = call}));
         return std::make_shared<Legacy>(Legacy{.package = std::move(package)});
       },
       .push =
           [](lua_State* target, std::shared_ptr<Legacy>&& package) {
             script::push_object(target, std::move(package));
             return 1;
           },
       .progress = progress});
}

int legacy_manifest(lua_State* state) {
  script::push_value(state, script::check_object<Legacy>(state, 1)->package->manifest());
  return 1;
}

int legacy_signer(lua_State* state) {
  script::push_string(state,
                      crypto::to_pem(script::check_object<Legacy>(state, 1)->package->signer()));
  return 1;
}

void set_text(lua_State* state, const char* name, std::string_view value) {
  script::push_string(state, value);
  lua_setfield(state, -2, name);
}

int legacy_size(lua_State* state) {
  lua_pushnumber(state,
                 static_cast<lua_Number>(script::check_object<Legacy>(state, 1)->package->size()));
  return 1;
}

int legacy_list(lua_State* state) {
  const auto legacy = script::check_object<Legacy>(state, 1);
  const auto& sections = legacy->package->sections();
  lua_createtable(state, static_cast<int>(sections.size()), 0);
  script::mark_array(state);
  int index = 0;
  for (const archive::LegacySection& section : sections) {
    lua_createtable(state, 0, 5);
    set_text(state, "path", section.label);
    set_text(state, "type", "file");
    set_count(state, "size", section.size);
    set_count(state, "position", section.position);
    set_text(state, "hash", to_hex(section.hash));
    lua_rawseti(state, -2, ++index);
  }
  return 1;
}

int legacy_extract(lua_State* state) {
  auto legacy = script::check_object<Legacy>(state, 1);
  std::string label(script::check_string(state, 2));
  std::string destination(script::check_string(state, 3));
  return run_job<bool>(
      state,
      {.work = [legacy = std::move(legacy),
                label = std::move(label),
                destination = std::move(destination)](const std::stop_token& stop) -> Result<bool> {
         TRY(archive::write_beside(destination, 0644, [&](archive::ByteSink& sink) {
           return legacy->package->copy(label, sink, stop);
         }));
         return true;
       },
       .push =
           [](lua_State* target, bool&& done) {
             lua_pushboolean(target, done);
             return 1;
           }});
}

}  // namespace

int archive_open_legacy(lua_State* state) {
  std::string path(script::check_string(state, 1));
  return start_open(state, [path = std::move(path)] { return archive::FileSource::open(path); });
}

int archive_open_legacy_url(lua_State* state) {
  std::string url(script::check_string(state, 1));
  return start_open(state, [url = std::move(url), connect = connect_at(state, 2)] {
    return fetch::HttpSource::open(url, connect);
  });
}

void define_legacy(lua_State* state) {
  static const luaL_Reg methods[] = {{"manifest", script::thunk<&legacy_manifest>},
                                     {"signer", script::thunk<&legacy_signer>},
                                     {"size", script::thunk<&legacy_size>},
                                     {"list", script::thunk<&legacy_list>},
                                     {"extract", script::thunk<&legacy_extract>},
                                     {"close", script::thunk<&script::release_object<Legacy>>},
                                     {nullptr, nullptr}};
  script::define_class<Legacy>(state, methods);
}

}  // namespace engine::bindings
