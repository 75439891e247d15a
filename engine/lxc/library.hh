#pragma once

#include "base/result.hh"

#include <lxc/lxccontainer.h>

namespace engine::lxc {

/// What this room uses of liblxc besides the functions its containers bring along. The library and
/// the five that it brings along are loaded at first use: linked, they would cost every command of
/// the CLI half a millisecond. Private to this room.
struct Library {
  decltype(&::lxc_container_new) container_new = nullptr;
  decltype(&::lxc_container_put) container_put = nullptr;
  decltype(&::list_active_containers) list_active = nullptr;
  decltype(&::lxc_get_version) get_version = nullptr;

  /// ERRORS: Errc::lxc when liblxc is not installed.
  static Result<const Library*> load();
};

}  // namespace engine::lxc
