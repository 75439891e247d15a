#include "lxc/library.hh"

#include "base/dynamic_library.hh"

namespace engine::lxc {
namespace {

Result<Library> load_now() {
  DynamicLibrary library("liblxc.so.1");
  Library lxc;
  library.find(lxc.container_new, "lxc_container_new");
  library.find(lxc.container_put, "lxc_container_put");
  library.find(lxc.list_active, "list_active_containers");
  library.find(lxc.get_version, "lxc_get_version");
  if (library.problem().empty()) return lxc;
  return fail(Error{.code = Errc::lxc,
                    .message = "there are no containers here: " + library.problem(),
                    .hint = "apt-get install liblxc1"});
}

}  // namespace

Result<const Library*> Library::load() {
  static const Result<Library> library = load_now();
  if (!library) return fail(library.error());
  return &*library;
}

}  // namespace engine::lxc
