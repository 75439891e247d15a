#pragma once

#include "base/result.hh"

#include <lxc/lxccontainer.h>

#include <filesystem>
#include <memory>
#include <string>

namespace engine::lxc {

struct ReleaseHandle {
  void operator()(lxc_container* container) const { ::lxc_container_put(container); }
};

/// liblxc's object. One per call, never shared between threads. Private to this room.
using Handle = std::unique_ptr<lxc_container, ReleaseHandle>;

inline Result<Handle> open_handle(const std::string& name, const std::filesystem::path& lxcpath) {
  Handle handle(::lxc_container_new(name.c_str(), lxcpath.c_str()));
  if (!handle) return fail(Errc::lxc, "liblxc cannot open container " + name);
  return handle;
}

}  // namespace engine::lxc
