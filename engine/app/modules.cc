#include "app/modules.hh"

#include "bindings/modules.hh"

#include <array>

namespace engine::app {

std::span<const script::Module> host_modules() {
  using namespace bindings;
  static constexpr std::array kModules = {
      script::Module{"engine.archive", open_archive},
      script::Module{"engine.client", open_host_client},
      script::Module{"engine.connection", open_connection},
      script::Module{"engine.continuation", open_continuation},
      script::Module{"engine.crypto", open_crypto},
      script::Module{"engine.daemon", open_daemon},
      script::Module{"engine.daemon_control", open_daemon_control},
      script::Module{"engine.debug", open_debug},
      script::Module{"engine.editor", open_editor},
      script::Module{"engine.errc", open_errc},
      script::Module{"engine.event", open_event},
      script::Module{"engine.fetch", open_fetch},
      script::Module{"engine.file", open_file},
      script::Module{"engine.job", open_job},
      script::Module{"engine.json", open_json},
      script::Module{"engine.lease", open_lease},
      script::Module{"engine.log", open_log},
      script::Module{"engine.loop", open_loop},
      script::Module{"engine.lxc", open_lxc},
      script::Module{"engine.module", open_module},
      script::Module{"engine.process", open_process},
      script::Module{"engine.scratch", open_scratch},
      script::Module{"engine.spec", open_spec},
      script::Module{"engine.state", open_state},
      script::Module{"engine.store", open_store},
      script::Module{"engine.store_tool", open_store_tool},
      script::Module{"engine.term", open_term},
  };
  return kModules;
}

}  // namespace engine::app
