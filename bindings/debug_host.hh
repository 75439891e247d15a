#pragma once

#include "json/value.hh"
#include "loop/completion.hh"
#include "loop/loop.hh"

#include <cstddef>
#include <cstdint>
#include <string>

namespace engine::bindings {

/// What `engine.debug` asks of the daemon: looking into its live VMs. Every method may be called on
/// any script thread; completions come back on the loop given.
class DebugHost {
 public:
  virtual ~DebugHost() = default;

  /// Names of the VMs: control, worker:1, …
  virtual json::Value vms() = 0;

  struct Run {
    std::string vm;      ///< as `vms` names it
    std::string module;  ///< of the scripts
    std::string function;
    std::string argument = "null";  ///< JSON
    Milliseconds deadline{30'000};
    Milliseconds slice{5'000};
    std::uint64_t connection = 0;  ///< whose end ends it; 0: none
  };
  /// Runs `require(module)[function](argument)` as a task in a live VM:
  /// {generation, result}. ERRORS: Errc::not_found, what was raised (with a traceback).
  virtual void run(Run run, loop::Loop& back, Completion<std::string> done) = 0;

  /// Ends what was begun before its time. From any thread; does nothing once it is over.
  using End = UniqueFunction<void()>;

  /// Samples all VMs by their processor time: {vms: [{name, samples, stacks: {folded: count}}]}.
  /// ERRORS: Errc::busy while another profile is taken.
  virtual End profile(Milliseconds length,
                      unsigned hertz,
                      loop::Loop& back,
                      Completion<json::Value> done) = 0;

  /// Follows the next `count` calls of a method, for at most `length`: [{method, vm, trace, error?,
  /// startedAt, spans: [{name, at, parent, start, end}]}]; times in nanoseconds from the first.
  /// ERRORS: Errc::busy while another trace is taken.
  virtual End trace(std::string method,
                    std::size_t count,
                    Milliseconds length,
                    loop::Loop& back,
                    Completion<json::Value> done) = 0;
};

}  // namespace engine::bindings
