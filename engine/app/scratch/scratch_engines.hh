#pragma once

#include "app/daemon/generation.hh"
#include "bindings/scratch_host.hh"

#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace engine::app {

/// Scratch engines for `script check` and `script test`. Resource type, thread-safe.
class ScratchEngines final : public bindings::ScratchHost {
 public:
  ScratchEngines() = default;
  ScratchEngines(const ScratchEngines&) = delete;
  ScratchEngines& operator=(const ScratchEngines&) = delete;

  Result<json::Value> check(const Roots& roots) override;
  Result<json::Value> run(const Spec& spec) override;

 private:
  using GenerationPtr = std::shared_ptr<const Generation>;
  Result<GenerationPtr> load(const Roots& roots);

  std::mutex mutex_;
  std::map<std::string, GenerationPtr> loaded_;  ///< by their roots: all specs of a run share one
};

}  // namespace engine::app
