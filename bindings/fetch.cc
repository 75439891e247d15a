#include "bindings/archive_job.hh"
#include "bindings/modules.hh"
#include "script/convert.hh"
#include "script/thunk.hh"

#include "fetch/exchange.hh"

namespace engine::bindings {
namespace {

std::vector<std::string> header_lines(lua_State* state, int options) {
  std::vector<std::string> lines;
  lua_getfield(state, options, "headers");
  if (lua_istable(state, -1)) {
    lua_pushnil(state);
    while (lua_next(state, -2) != 0) {
      // Keys must not be converted in place while they are walked over.
      luaL_argcheck(state, lua_type(state, -2) == LUA_TSTRING, 1, "headers are named by strings");
      lines.push_back(std::string(script::check_string(state, lua_gettop(state) - 1)) + ": " +
                      std::string(script::check_string(state, lua_gettop(state))));
      lua_pop(state, 1);
    }
  }
  lua_pop(state, 1);
  return lines;
}

int push_answer(lua_State* target, fetch::Answer&& answer) {
  lua_createtable(target, 0, 2);
  lua_pushinteger(target, static_cast<lua_Integer>(answer.status));
  lua_setfield(target, -2, "status");
  script::push_string(target, answer.body);
  lua_setfield(target, -2, "body");
  return 1;
}

int fetch_send(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  fetch::Upload upload{.method = script::field_string(state, 1, "method").value_or("POST"),
                       .url = script::field_string(state, 1, "url").value_or(""),
                       .headers = header_lines(state, 1),
                       .body = script::field_string(state, 1, "body").value_or(""),
                       .file = script::field_string(state, 1, "file").value_or("")};
  const auto progress = progress_at(state, 1);
  upload.progress = forward_progress(progress);
  return run_job<fetch::Answer>(
      state,
      {.work = [upload = std::move(upload), connect = connect_at(state, 1)](
                   const std::stop_token&) { return fetch::exchange(upload, connect); },
       .push = &push_answer,
       .progress = progress});
}

}  // namespace

int open_fetch(lua_State* state) {
  static const luaL_Reg functions[] = {{"send", script::thunk<&fetch_send>}, {nullptr, nullptr}};
  lua_newtable(state);
  luaL_register(state, nullptr, functions);
  return 1;
}

}  // namespace engine::bindings
