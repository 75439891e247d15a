#pragma once

#include "base/result.hh"
#include "base/time.hh"
#include "loop/completion.hh"

#include <cstddef>
#include <filesystem>
#include <string>

namespace engine::script {
struct Outcome;
}

namespace engine::bindings {

/// Where a container's runtime finds things.
struct ContainerPaths {
  std::filesystem::path package;
  std::filesystem::path media;
  std::filesystem::path host_socket;
};

/// What an isolated VM asks of the VM that started it: `answer` gets the JSON text of the result.
using IsolatedCall = UniqueFunction<void(
    const std::string& name, const std::string& params, Completion<std::string> answer)>;

/// A function to run in a Lua state of its own: untrusted limits, no engine modules but those that
/// compute, and `engine.isolated` to ask its starter.
struct IsolatedRun {
  std::string module;        ///< its function `run(input)` is called
  std::string input;         ///< JSON text
  std::size_t memory_limit;  ///< bytes
  Milliseconds deadline;
  IsolatedCall on_call;
};

/// The program around a container's VM, offered to `engine.container` as a service. On the VM's
/// thread.
class ContainerHost {
 public:
  ContainerHost() = default;
  ContainerHost(const ContainerHost&) = delete;
  ContainerHost& operator=(const ContainerHost&) = delete;
  virtual ~ContainerHost() = default;

  [[nodiscard]] virtual ContainerPaths paths() const = 0;
  /// Ends the process when every answer is written.
  virtual void exit(int status) = 0;
  /// Completes with the JSON text of the result. ERRORS: what the function raised or returned,
  /// Errc::timeout.
  virtual void run_isolated(IsolatedRun run, Completion<std::string> done) = 0;
};

/// What a function that crosses VMs gave, a value or `nil, err`, as JSON text. On its VM's thread.
Result<std::string> take_text(script::Outcome& outcome);

/// The other end of IsolatedRun::on_call: a service of the isolated VM.
struct IsolatedCaller {
  IsolatedCall call;
};

}  // namespace engine::bindings
