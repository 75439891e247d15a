#include "bindings/store_change.hh"

#include "bindings/store_log.hh"
#include "bindings/store_read.hh"
#include "json/patch.hh"
#include "script/task.hh"
#include "store/store.hh"

#include <fmt/format.h>

namespace engine::bindings {
namespace {

using script::Resumer;
using store::Store;

struct LuaMutation {
  static constexpr const char* kLuaName = "engine.store.Mutation";
  store::Mutation source;
};

struct LuaExclusive {
  static constexpr const char* kLuaName = "engine.store.Exclusive";
  std::shared_ptr<store::Exclusive> held;
};

/// Optimistic tries before a mutation asks to be alone.
constexpr int kOptimisticTries = 8;

/// What is easier said in Lua: running a closure again after a conflict.
constexpr std::string_view kPrelude = R"lua(
local M, begin, run, commit, exclusive, undo, tries = ...

local function attempt(edit, opts, ticket)
  local db, err = begin()
  if not db then return nil, err end
  local result, failure = run(edit, db, ticket)
  if failure ~= nil then return nil, failure end
  local done
  done, err = commit(db, opts, ticket)
  if done then return result, done end
  return nil, err, err.code == 'conflict'
end

function M.mutate(edit, opts)
  for _ = 1, tries do
    local result, done, again = attempt(edit, opts)
    if not again then return result, done end
  end
  local ticket, err = exclusive()
  if not ticket then return nil, err end
  local result, done = attempt(edit, opts, ticket)
  ticket:close()
  return result, done
end

local function only_outcome(ok, outcome)
  if ok == nil then return nil, outcome end
  return outcome
end

function M.put(pointer, value, opts)
  return only_outcome(M.mutate(function(db) return db:put(pointer, value) end, opts))
end

function M.revert(first, last, opts)
  return only_outcome(M.mutate(function(db) return undo(db, first, last) end, opts))
end

function M.flush() return only_outcome(M.mutate(function() end, { filed = true })) end

function M.apply(patch, opts)
  local expect = opts and opts.expect
  if not expect then
    return only_outcome(M.mutate(function(db) return db:apply(patch) end, opts))
  end
  return only_outcome(attempt(function(db)
    local ok, err = db:expect(expect)
    if not ok then return nil, err end
    return db:apply(patch)
  end, opts))
end
)lua";

int push_true(lua_State* state) {
  lua_pushboolean(state, 1);
  return 1;
}

using Edit = Result<> (store::Mutation::*)(const json::Pointer&, json::Value);

template <Edit Function>
Result<int> mutation_edit(lua_State* state) {
  const auto mutation = script::check_object<LuaMutation>(state, 1);
  TRY_ASSIGN(const json::Pointer pointer, pointer_at(state, 2));
  luaL_checkany(state, 3);
  TRY_ASSIGN(json::Value value, script::to_value(state, 3));
  TRY((mutation->source.*Function)(pointer, std::move(value)));
  return push_true(state);
}

Result<int> mutation_remove(lua_State* state) {
  const auto mutation = script::check_object<LuaMutation>(state, 1);
  TRY_ASSIGN(const json::Pointer pointer, pointer_at(state, 2));
  TRY(mutation->source.remove(pointer));
  return push_true(state);
}

Result<int> mutation_apply(lua_State* state) {
  const auto mutation = script::check_object<LuaMutation>(state, 1);
  luaL_checkany(state, 2);
  TRY_ASSIGN(const json::Value value, script::to_value(state, 2));
  TRY_ASSIGN(const json::Patch patch, json::patch_from(value));
  TRY(mutation->source.apply(patch));
  return push_true(state);
}

Result<int> mutation_expect(lua_State* state) {
  const auto mutation = script::check_object<LuaMutation>(state, 1);
  const lua_Number expected = luaL_checknumber(state, 2);
  const store::RevisionId base = mutation->source.base();
  if (static_cast<lua_Number>(base) != expected) {
    return fail(Error{
        .code = Errc::conflict,
        .message = fmt::format("the store is at revision {}, expected was {}", base, expected),
        .hint = "read it again and repeat the change"});
  }
  mutation->source.rely_on_everything();
  return push_true(state);
}

Result<int> mutation_set_schema(lua_State* state) {
  const auto mutation = script::check_object<LuaMutation>(state, 1);
  luaL_checktype(state, 2, LUA_TTABLE);
  TRY_ASSIGN(std::string text, script::to_json(state, 2));
  mutation->source.set_schema(std::move(text));
  return push_true(state);
}

int mutation_revision(lua_State* state) {
  const auto mutation = script::check_object<LuaMutation>(state, 1);
  lua_pushnumber(state, static_cast<lua_Number>(mutation->source.base()));
  return 1;
}

/// begin() → mutation. Within the closure of another change nothing can wait, and it would wait for
/// itself.
Result<int> store_begin(lua_State* state) {
  if (lua_isyieldable(state) == 0) {
    luaL_error(state,
               "a change of the store cannot be made inside another, nor where nothing waits");
  }
  TRY_ASSIGN(store::Mutation mutation, store_of(state).begin());
  script::push_object(state, std::make_shared<LuaMutation>(LuaMutation{std::move(mutation)}));
  return 1;
}

/// run(edit, mutation, exclusive?) → result or true | nil, err. Not a coroutine's call: `edit`
/// cannot yield. Others wait for an exclusive closure, so its errors let them go on at once.
int store_run(lua_State* state) {
  luaL_checktype(state, 1, LUA_TFUNCTION);
  lua_settop(state, 3);
  lua_pushvalue(state, 1);
  lua_pushvalue(state, 2);
  if (lua_isnil(state, 3)) {
    lua_call(state, 1, 2);
  } else if (lua_pcall(state, 1, 2, 0) != 0) {
    script::take_object<LuaExclusive>(state, 3);
    script::take_object<LuaMutation>(state, 2);
    return lua_error(state);
  }
  if (!lua_isnil(state, -2)) {
    lua_pushvalue(state, -2);
    return 1;
  }
  if (lua_isnil(state, -1)) return push_true(state);
  script::take_object<LuaMutation>(state, 2);
  return 2;
}

int push_committed(lua_State* state, const store::Committed& committed) {
  lua_createtable(state, 0, 2);
  lua_pushnumber(state, static_cast<lua_Number>(committed.revision));
  lua_setfield(state, -2, "revision");
  lua_pushboolean(state, committed.changed ? 1 : 0);
  lua_setfield(state, -2, "changed");
  return 1;
}

/// Hands an answer of the commit thread to the task that waits for it on its loop.
template <typename T>
std::function<void(Result<T>)> deliver(lua_State* state, Completion<T> done) {
  auto held = std::make_shared<Completion<T>>(std::move(done));
  return [&loop = script::Vm::of(state).loop(), held](Result<T> result) {
    loop.post([done = std::move(*held), result = std::move(result)]() mutable {
      done(std::move(result));
    });
  };
}

/// undo(mutation, first, last) → true | nil, err
Result<int> store_undo(lua_State* state) {
  const auto mutation = script::check_object<LuaMutation>(state, 1);
  const store::RevisionRange range{static_cast<store::RevisionId>(luaL_checknumber(state, 2)),
                                   static_cast<store::RevisionId>(luaL_checknumber(state, 3))};
  TRY(store_of(state).revert(mutation->source, range));
  return push_true(state);
}

/// commit(mutation, opts?, exclusive?) → {revision, changed} | nil, err   *async*
Result<int> store_commit(lua_State* state) {
  const auto mutation = script::check_object<LuaMutation>(state, 1);
  const int options = lua_isnoneornil(state, 2) ? 0 : 2;
  auto durability = script::field_boolean(state, options, "durable").value_or(true)
                        ? store::Durability::durable
                        : store::Durability::soon;
  if (script::field_boolean(state, options, "filed").value_or(false)) {
    durability = store::Durability::filed;
  }
  std::shared_ptr<store::Exclusive> exclusive;
  if (!lua_isnoneornil(state, 3)) exclusive = script::check_object<LuaExclusive>(state, 3)->held;
  Store& store = store_of(state);
  TRY_ASSIGN(store::ChangeSet change, std::move(mutation->source).finish());
  change.origin = {.method = std::string(script::task_name(state)),
                   .who = std::string(script::task_author(state))};
  script::take_object<LuaMutation>(state, 1);
  return script::suspend(state, [&](Resumer resumer) -> script::Cancel {
    auto done = Resumer::completion<store::Committed>(
        std::move(resumer), [](lua_State* target, store::Committed&& committed) {
          return push_committed(target, committed);
        });
    store.commit(std::move(change), durability, deliver(state, std::move(done)), exclusive.get());
    return {};
  });
}

/// exclusive() → ticket | nil, err   *async*
int store_exclusive(lua_State* state) {
  Store& store = store_of(state);
  return script::suspend(state, [&](Resumer resumer) -> script::Cancel {
    using Ticket = std::shared_ptr<store::Exclusive>;
    auto done =
        Resumer::completion<Ticket>(std::move(resumer), [](lua_State* target, Ticket&& ticket) {
          script::push_object(target,
                              std::make_shared<LuaExclusive>(LuaExclusive{std::move(ticket)}));
          return 1;
        });
    store.request_exclusive(deliver(state, std::move(done)));
    return {};
  });
}

}  // namespace

void define_changes(lua_State* state) {
  const auto& edits = kReading<LuaMutation, store::Mutation>;
  const luaL_Reg mutation[] = {edits[0],
                               edits[1],
                               edits[2],
                               edits[3],
                               edits[4],
                               edits[5],
                               {"revision", script::thunk<&mutation_revision>},
                               {"put", script::thunk<&mutation_edit<&store::Mutation::put>>},
                               {"insert", script::thunk<&mutation_edit<&store::Mutation::insert>>},
                               {"remove", script::thunk<&mutation_remove>},
                               {"apply", script::thunk<&mutation_apply>},
                               {"expect", script::thunk<&mutation_expect>},
                               {"set_schema", script::thunk<&mutation_set_schema>},
                               {nullptr, nullptr}};
  script::define_class<LuaMutation>(state, mutation);
  const luaL_Reg exclusive[] = {{"close", &script::release_object<LuaExclusive>},
                                {nullptr, nullptr}};
  script::define_class<LuaExclusive>(state, exclusive);
}

void add_changes(lua_State* state) {
  if (luaL_loadbuffer(state, kPrelude.data(), kPrelude.size(), "=engine.store") != 0) {
    lua_error(state);
  }
  lua_pushvalue(state, -2);
  lua_pushcfunction(state, script::thunk<&store_begin>);
  lua_pushcfunction(state, script::thunk<&store_run>);
  lua_pushcfunction(state, script::thunk<&store_commit>);
  lua_pushcfunction(state, script::thunk<&store_exclusive>);
  lua_pushcfunction(state, script::thunk<&store_undo>);
  lua_pushinteger(state, kOptimisticTries);
  lua_call(state, 7, 0);
}

}  // namespace engine::bindings
