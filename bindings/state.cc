#include "bindings/modules.hh"
#include "script/convert.hh"
#include "script/state_table.hh"
#include "script/thunk.hh"
#include "script/vm.hh"

namespace engine::bindings {
namespace {

using script::check_string;

script::StateTable& table_of(lua_State* state) {
  auto* table = script::Vm::of(state).services().find<script::StateTable>();
  if (table == nullptr) luaL_error(state, "engine.state: this program keeps no state");
  return *table;
}

/// state.get(name) → value | nil
Result<int> state_get(lua_State* state) {
  const auto text = table_of(state).get(check_string(state, 1));
  if (!text) return 0;
  TRY(script::push_json(state, *text));
  return 1;
}

/// state.set(name, value) → true | nil, err
Result<int> state_set(lua_State* state) {
  const std::string_view name = check_string(state, 1);
  if (lua_isnoneornil(state, 2)) {
    table_of(state).set(name, std::nullopt);
  } else {
    TRY_ASSIGN(std::string text, script::to_json(state, 2));
    table_of(state).set(name, std::move(text));
  }
  lua_pushboolean(state, 1);
  return 1;
}

/// state.add(name, amount?) → number
int state_add(lua_State* state) {
  lua_pushnumber(state, table_of(state).add(check_string(state, 1), luaL_optnumber(state, 2, 1)));
  return 1;
}

/// state.names(prefix?) → string[]
int state_names(lua_State* state) {
  const auto prefix = script::opt_string(state, 1).value_or(std::string_view());
  lua_newtable(state);
  int index = 0;
  for (const std::string& name : table_of(state).names(prefix)) {
    script::push_string(state, name);
    lua_rawseti(state, -2, ++index);
  }
  script::mark_array(state);
  return 1;
}

/// state.once(set, key, seconds, limit, owner?) → true | false | nil, err
Result<int> state_once(lua_State* state) {
  const std::string_view set = check_string(state, 1);
  const std::string_view key = check_string(state, 2);
  const lua_Number seconds = luaL_checknumber(state, 3);
  const lua_Number limit = luaL_checknumber(state, 4);
  luaL_argcheck(state, seconds > 0 && seconds <= 86400, 3, "must be from 0 to 86400 seconds");
  luaL_argcheck(state, limit >= 1 && limit <= 1e6, 4, "must be from 1 to 1000000");
  const auto owner = script::opt_string(state, 5).value_or(std::string_view());
  const auto seen = table_of(state).once(set,
                                         key,
                                         owner,
                                         Clock::now(),
                                         Milliseconds(static_cast<std::int64_t>(seconds * 1000)),
                                         static_cast<std::size_t>(limit));
  if (seen == script::StateTable::Seen::full) {
    return fail(Errc::busy, "too much to remember at once: " + std::string(set));
  }
  lua_pushboolean(state, seen == script::StateTable::Seen::first ? 1 : 0);
  return 1;
}

/// The name of a mark, which is that of a file.
std::string_view check_mark(lua_State* state) {
  const std::string_view name = check_string(state, 1);
  const bool fits =
      !name.empty() && name.size() <= 64 && name.front() != '.' &&
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-") == std::string_view::npos;
  luaL_argcheck(state, fits, 1, "must be 1 to 64 of a-z, 0-9, '.', '_', '-'");
  return name;
}

/// state.mark(name) → number | nil, err
Result<int> state_mark(lua_State* state) {
  TRY_ASSIGN(const std::uint64_t value, table_of(state).mark(check_mark(state)));
  lua_pushnumber(state, static_cast<lua_Number>(value));
  return 1;
}

/// state.raise(name, value) → true | nil, err
Result<int> state_raise(lua_State* state) {
  const std::string_view name = check_mark(state);
  const lua_Number value = luaL_checknumber(state, 2);
  luaL_argcheck(state, value >= 0 && value <= 0x1p53, 2, "must be from 0 to 2^53");
  TRY(table_of(state).raise(name, static_cast<std::uint64_t>(value)));
  lua_pushboolean(state, 1);
  return 1;
}

constexpr luaL_Reg kFunctions[] = {{"get", script::thunk<state_get>},
                                   {"set", script::thunk<state_set>},
                                   {"add", script::thunk<state_add>},
                                   {"once", script::thunk<state_once>},
                                   {"mark", script::thunk<state_mark>},
                                   {"raise", script::thunk<state_raise>},
                                   {"names", script::thunk<state_names>},
                                   {nullptr, nullptr}};

}  // namespace

int open_state(lua_State* state) {
  luaL_newlib(state, kFunctions);
  return 1;
}

}  // namespace engine::bindings
