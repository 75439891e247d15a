#pragma once

#include <lua.hpp>

namespace engine::script {

/// What the VMs of the calling thread hold at the moment. After the last VM has closed all three
/// must be zero: tests check it.
struct Live {
  int refs = 0;     ///< `Ref`s that hold a value
  int tasks = 0;    ///< tasks that have not ended
  int objects = 0;  ///< userdata (object.hh) not yet collected or closed
  bool operator==(const Live&) const = default;
};

Live& live();

/// Collects, then pushes what the scripts of this VM hold, but for the task that asks. [-0, +1]
/// {references = count, objects = {[class] = count}, tasks = {[id] = {name, place = "a.lua:12"}}}
int push_held(lua_State* state);

}  // namespace engine::script
