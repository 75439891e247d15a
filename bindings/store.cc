#include "store/store.hh"

#include "bindings/modules.hh"
#include "bindings/store_change.hh"
#include "bindings/store_feed.hh"
#include "bindings/store_log.hh"
#include "bindings/store_read.hh"
#include "bindings/store_watch.hh"
#include "script/object.hh"
#include "script/task.hh"
#include "script/thunk.hh"

namespace engine::bindings {
namespace {

using store::Store;

struct LuaSnapshot {
  static constexpr const char* kLuaName = "engine.store.Snapshot";
  store::Snapshot source;
};

/// A module function that reads the document as it is now.
template <auto Read>
Result<int> now(lua_State* state) {
  TRY_ASSIGN(store::Snapshot snapshot, store_of(state).peek());
  return Read(state, snapshot, 1);
}

int snapshot_revision(lua_State* state) {
  const auto snapshot = script::check_object<LuaSnapshot>(state, 1);
  lua_pushnumber(state, static_cast<lua_Number>(snapshot->source.revision()));
  return 1;
}

Result<int> store_peek(lua_State* state) {
  TRY_ASSIGN(store::Snapshot snapshot, store_of(state).peek());
  script::push_object(state, std::make_shared<LuaSnapshot>(LuaSnapshot{std::move(snapshot)}));
  return 1;
}

int store_head(lua_State* state) {
  lua_pushnumber(state, static_cast<lua_Number>(store_of(state).head()));
  return 1;
}

int store_id(lua_State* state) {
  script::push_string(state, store_of(state).id());
  return 1;
}

Result<int> store_watch(lua_State* state) {
  TRY_ASSIGN(const json::Pointer scope, pointer_at(state, 1));
  push_watch(state, store_of(state), scope);
  return 1;
}

store::Feeds& feeds_of(lua_State* state) {
  auto* feeds = script::Vm::of(state).services().find<store::Feeds>();
  if (feeds == nullptr) luaL_error(state, "this program has no feeds");
  return *feeds;
}

/// feed(pointer, options?) → feed, start | nil, err
Result<int> store_feed(lua_State* state) {
  TRY_ASSIGN(const json::Pointer scope, pointer_at(state, 1));
  std::optional<store::RevisionId> since;
  if (!lua_isnoneornil(state, 2)) {
    const auto number = script::field_number(state, 2, "since");
    const auto of = script::field_string(state, 2, "store");
    const bool here = !of || *of == store_of(state).history_id();
    if (number && here && *number >= 0) since = static_cast<store::RevisionId>(*number);
  }
  return push_feed(state, feeds_of(state), scope, since);
}

/// sync() → revision
int store_sync(lua_State* state) {
  lua_pushnumber(state, static_cast<lua_Number>(feeds_of(state).sync()));
  return 1;
}

/// set_author(who)
int store_set_author(lua_State* state) {
  script::set_task_author(state, script::check_string(state, 1));
  return 0;
}

void define_classes(lua_State* state) {
  const auto& reads = kReading<LuaSnapshot, store::Snapshot>;
  const luaL_Reg snapshot[] = {reads[0],
                               reads[1],
                               reads[2],
                               reads[3],
                               reads[4],
                               reads[5],
                               {"revision", script::thunk<&snapshot_revision>},
                               {"close", &script::release_object<LuaSnapshot>},
                               {nullptr, nullptr}};
  script::define_class<LuaSnapshot>(state, snapshot);
  define_changes(state);
  define_watch(state);
  define_feed(state);
}

}  // namespace

Store& store_of(lua_State* state) {
  auto* store = script::Vm::of(state).services().find<Store>();
  if (store == nullptr) luaL_error(state, "this program has no store");
  return *store;
}

int open_store(lua_State* state) {
  static const luaL_Reg functions[] = {
      {"peek", script::thunk<&store_peek>},
      {"get", script::thunk<&now<&read_get<store::Snapshot>>>},
      {"raw", script::thunk<&now<&read_raw<store::Snapshot>>>},
      {"exists", script::thunk<&now<&read_exists<store::Snapshot>>>},
      {"keys", script::thunk<&now<&read_keys<store::Snapshot>>>},
      {"watch", script::thunk<&store_watch>},
      {"head", script::thunk<&store_head>},
      {"id", script::thunk<&store_id>},
      {"history", script::thunk<&store_history>},
      {"history_id", script::thunk<&store_history_id>},
      {"schema", script::thunk<&store_schema>},
      {"stats", script::thunk<&store_stats>},
      {"feed", script::thunk<&store_feed>},
      {"sync", script::thunk<&store_sync>},
      {"set_author", script::thunk<&store_set_author>},
      {nullptr, nullptr}};
  define_classes(state);
  lua_newtable(state);
  luaL_register(state, nullptr, functions);
  add_changes(state);
  return 1;
}

}  // namespace engine::bindings
