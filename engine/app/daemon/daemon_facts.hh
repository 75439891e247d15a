#pragma once

#include "app/daemon/daemon_options.hh"
#include "base/time.hh"
#include "instance/lock.hh"
#include "json/value.hh"
#include "store/store.hh"

#include <chrono>
#include <memory>

namespace engine::app {

/// When a daemon began to run, by both clocks.
struct StartTime {
  TimePoint steady = Clock::now();
  std::chrono::system_clock::time_point wall = std::chrono::system_clock::now();
};

/// What `server.info` says of every daemon, whatever its state.
json::Value daemon_facts(const DaemonOptions& options,
                         const instance::Lock& lock,
                         const StartTime& started);

/// {kind, message, hint?, file?, line?, source?} of what keeps a daemon from starting.
json::Value describe_fault(const Error& fault);

/// What a new store holds.
json::Value first_document();

/// Opens the store of an instance, a new one with its first document; one that was not closed is
/// checked first, an older one migrated. With `try_only` nothing is migrated, but tried. ERRORS:
/// store::Store::open's, instance::prove_store's and `migrate`'s.
Result<std::unique_ptr<store::Store>> open_store(const DaemonOptions& options,
                                                 bool try_only = false);

}  // namespace engine::app
