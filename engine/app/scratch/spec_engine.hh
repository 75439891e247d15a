#pragma once

#include "app/daemon/script_loop.hh"
#include "bindings/daemon_host.hh"
#include "bindings/scratch_host.hh"
#include "event/connection_sinks.hh"
#include "event/job_table.hh"
#include "event/ring.hh"
#include "loop/lease.hh"
#include "loop/offload.hh"
#include "net/connection_table.hh"
#include "script/state_table.hh"
#include "store/store.hh"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace engine::app {

/// A daemon without doors for one spec file: a real store, ring and job table in a temporary
/// folder, one VM for handlers of every kind, and a clock that stands still. Resource type; lives
/// on the thread that made it.
class SpecEngine final : public bindings::SpecWorld, public bindings::DaemonHost {
 public:
  static Result<std::unique_ptr<SpecEngine>> open(std::shared_ptr<const Generation> generation);
  SpecEngine(const SpecEngine&) = delete;
  SpecEngine& operator=(const SpecEngine&) = delete;
  ~SpecEngine() override;

  /// Runs the tests of `source`; the report of lib.spec.
  Result<json::Value> run(const bindings::ScratchHost::Spec& spec, const std::string& source);

  // --- bindings::SpecWorld
  void call(Call call, Completion<std::string> done) override;
  void advance(Milliseconds by, UniqueFunction<void()> done) override;
  UniqueFunction<void()> wait(Milliseconds delay, UniqueFunction<void()> done) override;
  [[nodiscard]] std::filesystem::path data_dir() const override { return folder_.path; }

  // --- bindings::DaemonHost: what handlers may ask; nothing can be stopped or opened here
  json::Value info() override;
  json::Value methods(const std::string& context) override;
  void status(loop::Loop& back, Completion<json::Value> done) override;
  void reload(loop::Loop& back, Completion<json::Value> done) override;
  void rollback(loop::Loop& back, Completion<json::Value> done) override;
  void check(loop::Loop& back, Completion<json::Value> done) override;
  json::Value files() override;
  void shutdown() override {}
  void restart() override {}
  void listen(loop::Loop& back, Listener listener, Completion<> done) override;
  void unlisten(loop::Loop& back, std::string path, Completion<> done) override;

 private:
  /// Goes away with all it holds.
  struct Folder {
    std::filesystem::path path;
    Folder() = default;
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder();
  };

  explicit SpecEngine(std::shared_ptr<const Generation> generation);
  Result<> build();

  std::shared_ptr<const Generation> generation_;
  Folder folder_;
  script::Services services_;
  loop::LeaseTable leases_;
  script::StateTable states_;
  net::ConnectionTable connections_;
  event::Ring ring_;
  event::JobTable jobs_{ring_};
  event::Ring logs_;
  event::Channels channels_{ring_, logs_};
  event::PushingSinks sinks_{channels_, [](std::uint64_t) {}, [](std::uint64_t, Milliseconds) {}};
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<ScriptLoop> scripts_;
  std::unique_ptr<loop::OffloadPool> pool_;
  std::optional<Result<json::Value>> report_;
};

}  // namespace engine::app
