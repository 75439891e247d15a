#pragma once

#include "loop/child_process.hh"

struct lua_State;

namespace engine::bindings {

/// Pushes how a command ended: {code, signal?, out, err}. [-0, +1] Returns 1.
int push_output(lua_State* state, loop::CommandOutput&& output);

}  // namespace engine::bindings
