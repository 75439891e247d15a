#include "base/time.hh"
#include "bindings/modules.hh"
#include "net/connection_table.hh"
#include "script/convert.hh"
#include "script/thunk.hh"
#include "script/vm.hh"

namespace engine::bindings {
namespace {

net::ConnectionTable& table_of(lua_State* state) {
  auto* table = script::Vm::of(state).services().find<net::ConnectionTable>();
  if (table == nullptr) luaL_error(state, "engine.connection: this program serves nobody");
  return *table;
}

std::uint64_t check_id(lua_State* state) {
  const lua_Number id = luaL_checknumber(state, 1);
  luaL_argcheck(state, id >= 0 && id < 9007199254740992.0, 1, "not the id of a connection");
  return static_cast<std::uint64_t>(id);
}

Error gone(std::uint64_t id) {
  return {.code = Errc::not_found,
          .message = "connection " + std::to_string(id) + " has ended",
          .hint = {}};
}

/// connection.put(id, key, value) → true | nil, err
Result<int> connection_put(lua_State* state) {
  const std::uint64_t id = check_id(state);
  const std::string_view key = script::check_string(state, 2);
  std::optional<std::string> json;
  if (!lua_isnoneornil(state, 3)) {
    TRY_ASSIGN(json, script::to_json(state, 3));
  }
  if (!table_of(state).put(id, key, std::move(json))) return fail(gone(id));
  lua_pushboolean(state, 1);
  return 1;
}

/// connection.get(id, key) → value | nil
Result<int> connection_get(lua_State* state) {
  const std::uint64_t id = check_id(state);
  const auto text = table_of(state).get(id, script::check_string(state, 2));
  if (!text) return 0;
  TRY(script::push_json(state, *text));
  return 1;
}

void set_field(lua_State* state, const char* name, std::string_view text) {
  if (text.empty()) return;
  script::push_string(state, text);
  lua_setfield(state, -2, name);
}

/// connection.list() → {id, transport, address?, uid?, since}[]
int connection_list(lua_State* state) {
  const std::vector<net::ConnectionInfo> all = table_of(state).list();
  lua_newtable(state);
  int index = 0;
  for (const net::ConnectionInfo& one : all) {
    lua_createtable(state, 0, 5);
    lua_pushnumber(state, static_cast<lua_Number>(one.id));
    lua_setfield(state, -2, "id");
    if (one.uid) {
      lua_pushnumber(state, static_cast<lua_Number>(*one.uid));
      lua_setfield(state, -2, "uid");
    }
    set_field(state, "transport", one.transport);
    set_field(state, "address", one.address);
    set_field(state, "since", to_rfc3339(one.since));
    lua_rawseti(state, -2, ++index);
  }
  script::mark_array(state);
  return 1;
}

/// connection.close(id) → true | nil, err
Result<int> connection_close(lua_State* state) {
  const std::uint64_t id = check_id(state);
  if (!table_of(state).close(id)) return fail(gone(id));
  lua_pushboolean(state, 1);
  return 1;
}

constexpr luaL_Reg kFunctions[] = {{"put", script::thunk<connection_put>},
                                   {"get", script::thunk<connection_get>},
                                   {"list", script::thunk<connection_list>},
                                   {"close", script::thunk<connection_close>},
                                   {nullptr, nullptr}};

}  // namespace

int open_connection(lua_State* state) {
  luaL_newlib(state, kFunctions);
  return 1;
}

}  // namespace engine::bindings
