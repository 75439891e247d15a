#include "app/daemon/call_table.hh"

#include "script/convert.hh"

#include <algorithm>

namespace engine::app {
namespace {

void set_number(lua_State* state, const char* name, double value) {
  lua_pushnumber(state, value);
  lua_setfield(state, -2, name);
}

void set_string(lua_State* state, const char* name, std::string_view value) {
  script::push_string(state, value);
  lua_setfield(state, -2, name);
}

/// Pushes `ctx`. [-0, +1]
Result<> push_context(lua_State* state, const script::Ref& plain, const Caller& caller) {
  if (caller.attributes.empty()) {
    plain.push(state);
    return {};
  }
  TRY(script::push_json(state, caller.attributes));
  set_string(state, "name", caller.context);
  return {};
}

/// [-0, +1]
void push_peer(lua_State* state, const net::PeerCredentials& peer) {
  lua_createtable(state, 0, 3);
  set_number(state, "uid", peer.uid);
  set_number(state, "gid", peer.gid);
  set_number(state, "pid", peer.pid);
}

/// [-0, +1]
void push_http(lua_State* state, const HttpFacts& http) {
  lua_createtable(state, 0, 8);
  set_number(state, "id", static_cast<double>(http.id));
  set_string(state, "method", http.method);
  set_string(state, "path", http.path);
  lua_createtable(state, 0, static_cast<int>(http.headers.size()));
  for (const auto& [name, value] : http.headers)
    set_string(state, name.c_str(), value);
  lua_setfield(state, -2, "headers");
  lua_pushboolean(state, http.secure ? 1 : 0);
  lua_setfield(state, -2, "secure");
  if (http.body_size) {
    set_number(state, "body_size", static_cast<double>(*http.body_size));
    set_string(state, "body_blake3", http.body_blake3);
  }
}

/// The metatable for calls of one caller. [-0, +1], nothing on failure.
Result<> push_shared(lua_State* state, const script::Ref& plain_context, const Caller& caller) {
  TRY(push_context(state, plain_context, caller));
  lua_createtable(state, 0, 1);
  lua_createtable(state, 0, 7);
  lua_pushvalue(state, -3);
  lua_setfield(state, -2, "ctx");
  set_string(state, "transport", transport_name(caller.transport));
  if (!caller.address.empty()) set_string(state, "address", caller.address);
  if (!caller.locale.empty()) set_string(state, "locale", caller.locale);
  if (caller.connection != 0) {
    set_number(state, "connection", static_cast<double>(caller.connection));
    lua_pushboolean(state, caller.pushes ? 1 : 0);
    lua_setfield(state, -2, "pushes");
  }
  if (caller.peer) {
    push_peer(state, *caller.peer);
    lua_setfield(state, -2, "peer");
  }
  if (caller.http) {
    push_http(state, *caller.http);
    lua_setfield(state, -2, "http");
  }
  lua_setfield(state, -2, "__index");
  lua_remove(state, -2);
  return {};
}

void set_extras(lua_State* state, const RequestExtras& extras) {
  if (!extras.locale.empty()) set_string(state, "locale", extras.locale);
  if (!extras.idempotency_key.empty()) {
    set_string(state, "idempotency_key", extras.idempotency_key);
  }
  if (!extras.trace.empty()) set_string(state, "trace", extras.trace);
}

/// The list of {name, value} on top of the stack. [-1, +0]
HeaderList pop_headers(lua_State* state) {
  HeaderList headers;
  const auto count = lua_istable(state, -1) ? lua_objlen(state, -1) : 0;
  for (std::size_t i = 1; i <= count; ++i) {
    lua_rawgeti(state, -1, static_cast<int>(i));
    if (lua_istable(state, -1)) {
      lua_rawgeti(state, -1, 1);
      lua_rawgeti(state, -2, 2);
      if (lua_isstring(state, -1) != 0 && lua_isstring(state, -2) != 0) {
        headers.emplace_back(lua_tostring(state, -2), lua_tostring(state, -1));
      }
      lua_pop(state, 2);
    }
    lua_pop(state, 1);
  }
  lua_pop(state, 1);
  return headers;
}

}  // namespace

void CallTables::push_key(lua_State* state, script::Ref& key, const char* text) {
  if (!key) {
    lua_pushstring(state, text);
    key = script::Ref::pop(state);
  }
  key.push(state);
}

Result<> CallTables::push_metatable(lua_State* state,
                                    const script::Ref& plain_context,
                                    const std::shared_ptr<const Caller>& caller) {
  if (entries_.size() >= sweep_at_) {
    std::erase_if(entries_, [](const auto& entry) { return entry.second.caller.expired(); });
    sweep_at_ = std::max<std::size_t>(64, 2 * entries_.size());
  }
  Entry& entry = entries_[caller.get()];
  if (entry.caller.expired()) {
    TRY(push_shared(state, plain_context, *caller));
    entry = {.caller = caller, .metatable = script::Ref::pop(state)};
  }
  entry.metatable.push(state);
  return {};
}

Result<> push_call(lua_State* state, const CallParts& parts, const Request& request) {
  lua_createtable(state, 0, 2);
  auto pushed = parts.tables.push_metatable(state, parts.plain_context, request.caller);
  if (!pushed) {
    lua_pop(state, 1);
    return pushed;
  }
  lua_setmetatable(state, -2);
  parts.tables.push_path_key(state);
  parts.name.push(state);
  lua_rawset(state, -3);
  const auto deadline = request.begun + request.deadline;
  parts.tables.push_deadline_key(state);
  lua_pushnumber(state, std::chrono::duration<double>(deadline.time_since_epoch()).count());
  lua_rawset(state, -3);
  if (request.extras) set_extras(state, *request.extras);
  return {};
}

ResponseHead read_response_head(lua_State* state, int index) {
  ResponseHead head;
  lua_getfield(state, index, "response");
  if (lua_istable(state, -1)) {
    lua_getfield(state, -1, "headers");
    head.headers = pop_headers(state);
    lua_getfield(state, -1, "patch_sequence");
    if (lua_isnumber(state, -1) != 0) {
      head.patch_sequence = static_cast<std::uint64_t>(lua_tonumber(state, -1));
    }
    lua_pop(state, 1);
  }
  lua_pop(state, 1);
  return head;
}

}  // namespace engine::app
