// The least that evaluates Lua in a container from outside: what `lxc-attach` runs in the baseline.
//   lua_eval CODE
#include <lua.hpp>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  lua_State* state = luaL_newstate();
  luaL_openlibs(state);
  if (luaL_loadstring(state, argv[1]) != 0 || lua_pcall(state, 0, 1, 0) != 0) {
    std::fprintf(stderr, "lua_eval: %s\n", lua_tostring(state, -1));
    return 1;
  }
  std::puts(lua_tostring(state, -1));
  return 0;
}
