#pragma once

#include "ns/idmap.hh"
#include "script/convert.hh"
#include "script/object.hh"

#include <memory>
#include <string>

// What the files of the module engine.lxc share.
namespace engine::bindings {

/// What the functions of one VM share, their first upvalue.
struct LxcHost {
  static constexpr const char* kLuaName = "engine.lxc.Host";
  ns::UserNamespaces namespaces;
};

inline std::shared_ptr<LxcHost> host_of(lua_State* state) {
  return script::check_object<LxcHost>(state, lua_upvalueindex(1));
}

inline std::string text_at(lua_State* state, int index) {
  return std::string(script::check_string(state, index));
}

inline int push_text(lua_State* state, std::string&& text) {
  script::push_string(state, text);
  return 1;
}

/// Adds the functions about mounts to the module's table. [-1, +0] takes the shared host on top;
/// the table is below it.
void add_lxc_mounts(lua_State* state);

}  // namespace engine::bindings
