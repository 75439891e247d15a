#include "app/daemon/modules.hh"

#include "bindings/modules.hh"

#include <array>

namespace engine::app {

std::span<const script::Module> daemon_modules() {
  using namespace bindings;
  static constexpr std::array kModules = {
      script::Module{"engine.daemon", open_daemon},
      script::Module{"engine.errc", open_errc},
      script::Module{"engine.file", open_file},
      script::Module{"engine.json", open_json},
      script::Module{"engine.lease", open_lease},
      script::Module{"engine.log", open_log},
      script::Module{"engine.loop", open_loop},
      script::Module{"engine.module", open_module},
      script::Module{"engine.process", open_process},
      script::Module{"engine.state", open_state},
  };
  return kModules;
}

}  // namespace engine::app
