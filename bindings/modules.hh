#pragma once

#include <lua.hpp>

namespace engine::bindings {

// One line per Lua module: engine.NAME is opened by open_NAME (bindings/NAME.cc, described by
// bindings/meta/NAME.lua). A composition root lists those it offers as script::Module rows.

int open_archive(lua_State* state);
int open_client(lua_State* state);
int open_connection(lua_State* state);
int open_container(lua_State* state);
int open_continuation(lua_State* state);
int open_crypto(lua_State* state);
int open_daemon(lua_State* state);
int open_daemon_control(lua_State* state);
int open_debug(lua_State* state);
int open_editor(lua_State* state);
int open_errc(lua_State* state);
int open_event(lua_State* state);
int open_fetch(lua_State* state);
int open_file(lua_State* state);
/// engine.client with `Connection:websocket`; open_client is without.
int open_host_client(lua_State* state);
int open_isolated(lua_State* state);
int open_job(lua_State* state);
int open_json(lua_State* state);
int open_lease(lua_State* state);
int open_log(lua_State* state);
int open_loop(lua_State* state);
int open_lxc(lua_State* state);
int open_module(lua_State* state);
int open_ns(lua_State* state);
int open_process(lua_State* state);
int open_scratch(lua_State* state);
int open_spec(lua_State* state);
int open_state(lua_State* state);
int open_store(lua_State* state);
int open_store_tool(lua_State* state);
int open_term(lua_State* state);

}  // namespace engine::bindings
