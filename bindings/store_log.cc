#include "bindings/store_log.hh"

#include "json/pointer.hh"
#include "json/writer.hh"
#include "script/convert.hh"
#include "script/task.hh"

#include <algorithm>
#include <chrono>

namespace engine::bindings {
namespace {

using Revisions = std::vector<store::RevisionPtr>;

struct Query {
  store::HistoryQuery of;
  bool patch = false;
};

template <typename T>
double seconds(T duration) {
  return std::chrono::duration<double>(duration).count();
}

void set_number(lua_State* state, const char* key, double value) {
  lua_pushnumber(state, value);
  lua_setfield(state, -2, key);
}

void set_string(lua_State* state, const char* key, std::string_view value) {
  if (value.empty()) return;
  script::push_string(state, value);
  lua_setfield(state, -2, key);
}

/// An operation at `scope` or above it as one on the scope as a whole.
json::Operation narrowed(const json::Operation& operation, const json::Pointer& scope) {
  json::Operation whole{.op = json::Op::remove};
  if (operation.op == json::Op::remove) return whole;
  const auto inner = json::resolve(operation.value, scope.without_front(operation.path.depth()));
  if (!inner || *inner == nullptr) return whole;
  whole.op = json::Op::replace;
  whole.value = **inner;
  return whole;
}

/// The operations that concern `scope`, relative to it; nothing where an array that it goes through
/// has moved, which they alone do not say.
std::string patch_at(const store::Revision& revision, const json::Pointer& scope) {
  if (scope.is_root()) return revision.text;
  json::Patch seen;
  for (const json::Operation& operation : revision.patch) {
    const bool is_above = scope.starts_with(operation.path) && operation.path != scope;
    if (operation.path.starts_with(scope) && operation.path != scope) {
      seen.push_back(operation);
      seen.back().path = operation.path.without_front(scope.depth());
    } else if (operation.shifts && scope.depth() >= operation.path.depth() &&
               scope.starts_with(operation.path.parent())) {
      return {};
    } else if (is_above || operation.path == scope) {
      seen.push_back(narrowed(operation, scope));
    }
  }
  return json::write(seen);
}

void push_revision(lua_State* state, const store::Revision& revision, const Query& query) {
  lua_createtable(state, 0, 8);
  set_number(state, "id", static_cast<double>(revision.id));
  set_number(state, "time", seconds(revision.time.time_since_epoch()));
  set_string(state, "class", revision.durable ? "durable" : "soon");
  std::string patch = patch_at(revision, query.of.scope);
  if (!patch.empty()) set_number(state, "bytes", static_cast<double>(patch.size()));
  set_string(state, "method", revision.origin.method);
  set_string(state, "who", revision.origin.who);
  if (revision.reverts) {
    lua_createtable(state, 0, 2);
    set_number(state, "first", static_cast<double>(revision.reverts->first));
    set_number(state, "last", static_cast<double>(revision.reverts->last));
    lua_setfield(state, -2, "reverts");
  }
  if (!query.patch || patch.empty()) return;
  script::push_raw(state, std::move(patch));
  lua_setfield(state, -2, "patch");
}

Result<Query> query_at(lua_State* state) {
  Query query;
  if (lua_isnoneornil(state, 1)) return query;
  luaL_checktype(state, 1, LUA_TTABLE);
  const auto number = [&](const char* key) { return script::field_number(state, 1, key); };
  TRY_ASSIGN(query.of.scope,
             json::Pointer::parse(script::field_string(state, 1, "pointer").value_or("")));
  if (const auto since = number("since")) {
    query.of.since = static_cast<store::RevisionId>(std::max(*since, 0.0));
  }
  if (const auto before = number("before")) {
    query.of.before = static_cast<store::RevisionId>(std::max(*before, 0.0));
  }
  if (const auto limit = number("limit")) query.of.limit = static_cast<std::size_t>(*limit);
  query.patch = script::field_boolean(state, 1, "patch").value_or(false);
  return query;
}

}  // namespace

Result<int> store_history(lua_State* state) {
  TRY_ASSIGN(Query query, query_at(state));
  return script::offload<Revisions>(
      state,
      [&store = store_of(state), query] { return store.history(query.of); },
      [query](lua_State* target, Revisions&& revisions) {
        lua_createtable(target, static_cast<int>(revisions.size()), 0);
        script::mark_array(target);
        for (std::size_t i = 0; i < revisions.size(); ++i) {
          push_revision(target, *revisions[i], query);
          lua_rawseti(target, -2, static_cast<int>(i + 1));
        }
        return 1;
      });
}

int store_history_id(lua_State* state) {
  script::push_string(state, store_of(state).history_id());
  return 1;
}

Result<int> store_schema(lua_State* state) {
  TRY_ASSIGN(const std::string text, store_of(state).schema());
  if (text.empty()) return 0;
  TRY(script::push_json(state, text));
  return 1;
}

Result<int> store_stats(lua_State* state) {
  TRY_ASSIGN(const store::StoreStats stats, store_of(state).stats());
  const store::CommitterStats& commits = stats.commits;
  lua_createtable(state, 0, 12);
  set_number(state, "head", static_cast<double>(stats.head));
  set_number(state, "oldest", static_cast<double>(stats.oldest));
  set_number(state, "logBytes", static_cast<double>(stats.log_bytes));
  set_number(state, "transactions", static_cast<double>(commits.transactions));
  set_number(state, "changes", static_cast<double>(commits.revisions));
  set_number(state, "conflicts", static_cast<double>(commits.conflicts));
  set_number(state, "largestBatch", static_cast<double>(commits.largest_batch));
  set_number(state, "queued", static_cast<double>(commits.queued));
  set_number(state, "pending", static_cast<double>(commits.pending));
  if (commits.transactions > 0) {
    set_number(state, "flushedAt", seconds(commits.flushed_at.time_since_epoch()));
    set_number(state, "flushTime", seconds(commits.flush_time));
  }
  return 1;
}

}  // namespace engine::bindings
