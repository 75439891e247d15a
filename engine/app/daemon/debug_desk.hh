#pragma once

#include "app/daemon/blocking_pool.hh"
#include "app/daemon/script_loop.hh"
#include "app/daemon/tracer.hh"
#include "bindings/debug_host.hh"
#include "script/profiler.hh"

#include <memory>
#include <string>
#include <vector>

namespace engine::app {

/// The daemon's side of `engine.debug`: code, samples and spans of its live VMs. Resource type;
/// thread-safe. Outlived by the loops.
class DebugDesk final : public bindings::DebugHost {
 public:
  struct Loops {
    ScriptLoop& control;
    std::vector<ScriptLoop*> workers;
    BlockingPool& pool;
  };
  DebugDesk(Loops loops, Tracer& tracer);
  DebugDesk(const DebugDesk&) = delete;
  DebugDesk& operator=(const DebugDesk&) = delete;

  json::Value vms() override;
  void run(Run run, loop::Loop& back, Completion<std::string> done) override;
  End profile(Milliseconds length,
              unsigned hertz,
              loop::Loop& back,
              Completion<json::Value> done) override;
  End trace(std::string method,
            std::size_t count,
            Milliseconds length,
            loop::Loop& back,
            Completion<json::Value> done) override;

 private:
  struct Sampling;
  [[nodiscard]] ScriptLoop* find(const std::string& vm) const;
  void collect(const std::shared_ptr<Sampling>& sampling);

  Loops loops_;
  Tracer& tracer_;
  std::atomic<bool> sampling_{false};
};

}  // namespace engine::app
