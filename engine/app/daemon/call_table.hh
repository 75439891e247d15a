#pragma once

#include "app/daemon/request.hh"
#include "base/result.hh"
#include "script/ref.hh"

#include <lua.hpp>

#include <memory>
#include <unordered_map>

namespace engine::app {

/// What the calls of one caller have in common, made once: a metatable whose `__index` has `ctx`,
/// `transport`, `connection`, `peer`, `http` and so on. On a connection, and from most HTTP
/// clients, the same caller stands behind thousands of calls. Of one VM.
class CallerTables {
 public:
  /// Pushes the metatable for calls of this caller. `plain_context` is the `ctx` of callers without
  /// attributes. [-0, +1], nothing on failure. ERRORS: of JSON in the caller's attributes.
  Result<> push_metatable(lua_State* state,
                          const script::Ref* plain_context,
                          const std::shared_ptr<const Caller>& caller);

 private:
  struct Entry {
    std::weak_ptr<const Caller> caller;
    script::Ref metatable;
  };
  std::unordered_map<const Caller*, Entry> entries_;
  std::size_t sweep_at_ = 64;
};

/// What the calls of one VM share.
struct SharedTables {
  const script::Ref* plain_context = nullptr;  ///< the `ctx` of callers without attributes
  CallerTables& callers;
};

/// Pushes the `call` table a handler gets (docs/scripts.md). [-0, +1], nothing on failure.
/// ERRORS: of JSON in the caller's attributes.
Result<> push_call(lua_State* state, const SharedTables& shared, const Request& request);

/// Reads `call.response` of the call at `index`. What has a wrong type is left out. [-0, +0]
ResponseHead read_response_head(lua_State* state, int index);

}  // namespace engine::app
