#pragma once

#include "lxc/library.hh"

#include <filesystem>
#include <memory>
#include <string>

namespace engine::lxc {

struct ReleaseHandle {
  decltype(&::lxc_container_put) put = nullptr;
  void operator()(lxc_container* container) const { put(container); }
};

/// liblxc's object. One per call, never shared between threads. Private to this room.
using Handle = std::unique_ptr<lxc_container, ReleaseHandle>;

inline Result<Handle> open_handle(const std::string& name, const std::filesystem::path& lxcpath) {
  TRY_ASSIGN(const Library* lxc, Library::load());
  Handle handle(lxc->container_new(name.c_str(), lxcpath.c_str()), {lxc->container_put});
  if (!handle) return fail(Errc::lxc, "liblxc cannot open container " + name);
  return handle;
}

}  // namespace engine::lxc
