#pragma once

#include "app/daemon/request.hh"
#include "base/result.hh"
#include "script/ref.hh"

#include <lua.hpp>

namespace engine::app {

/// Pushes the `call` table a handler gets (docs/scripts.md). `plain_context` is the `ctx` of
/// callers without attributes. [-0, +1], nothing on failure.
/// ERRORS: of JSON in the caller's attributes.
Result<> push_call(lua_State* state, const script::Ref* plain_context, const Request& request);

/// Reads `call.response` of the call at `index`. What has a wrong type is left out. [-0, +0]
ResponseHead read_response_head(lua_State* state, int index);

}  // namespace engine::app
