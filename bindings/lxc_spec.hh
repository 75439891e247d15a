#pragma once

#include "base/result.hh"
#include "lxc/container_spec.hh"
#include "ns/loop_device.hh"

#include <lua.hpp>

#include <filesystem>
#include <string>

namespace engine::bindings {

/// Where liblxc keeps its names when a script does not say; one for all stores, whose container
/// names never meet.
inline constexpr const char* kLxcPath = "/run/moonbox/lxc";

/// What a script gives as `engine.lxc.Spec`. Logs lie outside of what the container may write to:
/// PID 1 writes below `logs/service`, which it sees as /media/startos/logs.
struct ScriptSpec {
  lxc::ContainerSpec container;
  std::filesystem::path service_logs;  ///< empty: none
};

/// Reads the table at `index`; raises on fields of a wrong type.
/// ERRORS: Errc::parse_net_address.
Result<ScriptSpec> spec_at(lua_State* state, int index);

/// A squashfs as scripts name it: a path, or {file, offset?, size?, key?}.
struct ScriptImage {
  ns::FileRegion region;
  std::string key;  ///< names the content
};
ScriptImage image_at(lua_State* state, int index);

}  // namespace engine::bindings
