#pragma once

#include "bindings/modules.hh"
#include "loop/offload.hh"
#include "script/state_table.hh"

#include "unit/script/script_fixture.hh"

#include <optional>

namespace engine::bindings {

inline const std::vector<script::Module> kCoreModules = {{"engine.errc", open_errc},
                                                         {"engine.file", open_file},
                                                         {"engine.json", open_json},
                                                         {"engine.log", open_log},
                                                         {"engine.loop", open_loop},
                                                         {"engine.module", open_module},
                                                         {"engine.process", open_process},
                                                         {"engine.state", open_state}};

/// A VM with every core module; `pooled`: with an offload pool, else blocking work runs inline.
class CoreFixture : public script::ScriptFixture {
 public:
  explicit CoreFixture(bool pooled = true) : ScriptFixture({}, kCoreModules) {
    services.add(state);
    if (pooled) {
      pool.emplace(2);
      services.add(*pool);
    }
  }
  script::StateTable state;
  std::optional<loop::OffloadPool> pool;
};

}  // namespace engine::bindings
