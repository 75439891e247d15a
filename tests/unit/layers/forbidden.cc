// Never compiles where only `base` is linked: each of these rooms lies above it.
#include "base/result.hh"

#if defined(ROOM_json)
#include "json/value.hh"
#elif defined(ROOM_http)
#include "http/message.hh"
#elif defined(ROOM_lxc)
#include "lxc/container_spec.hh"
#elif defined(ROOM_script)
#include "script/vm.hh"
#else
#include "net/unix_listener.hh"
#endif
