#pragma once

#include "app/daemon/request.hh"
#include "base/result.hh"
#include "script/ref.hh"

#include <lua.hpp>

#include <memory>
#include <unordered_map>

namespace engine::app {

/// What calls have in common, made once. Of one VM.
///
/// Of each caller a metatable whose `__index` has `ctx`, `transport`, `connection`, `peer`, `http`
/// and so on: on a connection, and from most HTTP clients, the same caller stands behind thousands
/// of calls.
class CallTables {
 public:
  /// Pushes the metatable for calls of this caller. `plain_context` is the `ctx` of callers without
  /// attributes. [-0, +1], nothing on failure. ERRORS: of JSON in the caller's attributes.
  Result<> push_metatable(lua_State* state,
                          const script::Ref& plain_context,
                          const std::shared_ptr<const Caller>& caller);
  /// Push the names of members that every call has. [-0, +1]
  void push_path_key(lua_State* state) { push_key(state, path_key_, "path"); }
  void push_deadline_key(lua_State* state) { push_key(state, deadline_key_, "deadline"); }

 private:
  struct Entry {
    std::weak_ptr<const Caller> caller;
    script::Ref metatable;
  };
  static void push_key(lua_State* state, script::Ref& key, const char* text);

  std::unordered_map<const Caller*, Entry> entries_;
  std::size_t sweep_at_ = 64;
  script::Ref path_key_;
  script::Ref deadline_key_;
};

/// Of which a call is made, besides the request.
struct CallParts {
  const script::Ref& plain_context;  ///< the `ctx` of callers without attributes
  const script::Ref& name;           ///< of the method
  CallTables& tables;
};

/// Pushes the `call` table a handler gets (docs/scripts.md). REQUIRES: a protected call, as making
/// tables may fail. [-0, +1], nothing on failure. ERRORS: of JSON in the caller's attributes.
Result<> push_call(lua_State* state, const CallParts& parts, const Request& request);

/// Reads `call.response` of the call at `index`. What has a wrong type is left out. [-0, +0]
ResponseHead read_response_head(lua_State* state, int index);

}  // namespace engine::app
