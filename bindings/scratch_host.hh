#pragma once

#include "base/result.hh"
#include "base/time.hh"
#include "json/value.hh"
#include "loop/completion.hh"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

namespace engine::bindings {

/// What `engine.scratch` asks of the program: engines of their own for checking and testing
/// scripts, beside whatever runs. Both methods block, for as long as scripts take; thread-safe.
class ScratchHost {
 public:
  virtual ~ScratchHost() = default;

  struct Roots {
    std::filesystem::path overlay;  ///< empty: none
    std::filesystem::path shipped;
  };
  /// Loads the scripts as a daemon would. {generation: …} or {problems: [{file, line, message}]}.
  virtual Result<json::Value> check(const Roots& roots) = 0;

  struct Spec {
    Roots roots;
    std::filesystem::path file;
    std::string name;            ///< as messages name it
    std::string match;           ///< only tests with this in their name
    Milliseconds limit{10'000};  ///< for each test
  };
  /// Runs one spec file in an engine of its own: the report of `lib.spec`.
  virtual Result<json::Value> run(const Spec& spec) = 0;
};

/// What `engine.spec` asks of the engine a spec runs in; on that engine's thread.
class SpecWorld {
 public:
  virtual ~SpecWorld() = default;

  struct Call {
    std::string method;
    std::string params = "{}";  ///< JSON
    std::string context = "RpcContext";
    std::string attributes = {};                      ///< of the context, a JSON object
    std::optional<unsigned> uid = {};                 ///< none: no peer is known, as over HTTP
    std::string transport = {};                       ///< empty: by whether there is a peer
    std::string address = {};                         ///< `127.0.0.1:4711`
    std::string locale = {};                          ///< empty: not said
    std::map<std::string, std::string> headers = {};  ///< names in lower case
  };
  /// Sends a call the way a door does: through method table, middleware and schemas. The JSON text
  /// of the result.
  virtual void call(Call call, Completion<std::string> done) = 0;
  /// Lets the engine's time pass.
  virtual void advance(Milliseconds by, UniqueFunction<void()> done) = 0;
  /// Waits by the machine's clock; what it returns ends the waiting.
  virtual UniqueFunction<void()> wait(Milliseconds delay, UniqueFunction<void()> done) = 0;
  /// A folder of this spec's own.
  [[nodiscard]] virtual std::filesystem::path data_dir() const = 0;
};

}  // namespace engine::bindings
