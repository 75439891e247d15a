#pragma once

#include "app/daemon/request.hh"
#include "base/result.hh"
#include "script/ref.hh"

#include <lua.hpp>

#include <memory>
#include <unordered_map>

namespace engine::app {

/// The `peer` and `http` tables of one VM's callers, made once and shared by the calls of a caller:
/// on a WebSocket, and from most HTTP clients, the same headers stand behind thousands of them.
class CallerTables {
 public:
  /// Sets those that the caller has in the table on top of the stack. [-0, +0]
  void set(lua_State* state, const std::shared_ptr<const Caller>& caller);

 private:
  struct Entry {
    std::weak_ptr<const Caller> caller;
    script::Ref peer;
    script::Ref http;
  };
  Entry make(lua_State* state, const std::shared_ptr<const Caller>& caller);
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
