#pragma once

#include "app/container/container_settings.hh"
#include "app/container/idle_memory.hh"
#include "app/container/runtime_service.hh"
#include "app/container/runtime_vm.hh"
#include "app/container/service_log.hh"
#include "bindings/container_host.hh"
#include "loop/loop.hh"
#include "ns/inner_cgroup.hh"
#include "ns/reaper.hh"
#include "script/services.hh"

#include <memory>

namespace engine::app {

/// Everything PID 1 of a container is: init, reaper, RPC server, Lua host. One thread. Resource
/// type; the composition root of moon-container.
class Runtime final : public bindings::ContainerHost {
 public:
  /// REQUIRES: one per process. ERRORS: the scripts do not load, the socket cannot be made.
  static Result<std::unique_ptr<Runtime>> start(const ContainerSettings& settings);
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;
  ~Runtime() override;

  /// Serves until the end; returns the exit status.
  int run();

  [[nodiscard]] bindings::ContainerPaths paths() const override;
  void exit(int status) override;
  void run_isolated(bindings::IsolatedRun run, Completion<std::string> done) override;

 private:
  explicit Runtime(const ContainerSettings& settings);
  void on_signal(int number);

  ContainerSettings settings_;
  loop::Loop loop_{"runtime"};
  ns::Reaper reaper_{loop_};
  std::unique_ptr<ns::InnerCgroups> groups_;
  ServiceLog log_;
  ns::Surroundings surroundings_;
  script::Services services_;
  std::unique_ptr<RuntimeVm> vm_;
  std::unique_ptr<RuntimeService> service_;
  std::unique_ptr<IdleMemory> idle_memory_;
  std::unique_ptr<loop::SignalWatch> signals_;
  bool ending_ = false;
  int status_ = 0;
};

}  // namespace engine::app
