#pragma once

#include "json/value.hh"
#include "loop/completion.hh"
#include "loop/loop.hh"

#include <string>

namespace engine::bindings {

/// What `engine.daemon` asks of the program it runs in. Implemented by the daemon, found through
/// script::Services. Every method may be called on any script thread; completions come back on the
/// loop given.
class DaemonHost {
 public:
  virtual ~DaemonHost() = default;
  /// Facts for `server.info`; constant while the daemon runs, apart from counters.
  virtual json::Value info() = 0;
  /// State of the scripts for `script.status`.
  virtual void status(loop::Loop& back, Completion<json::Value> done) = 0;
  /// Loads the scripts again; the report of the reload.
  virtual void reload(loop::Loop& back, Completion<json::Value> done) = 0;
  /// Loads and validates what lies on the disk without putting it into force: {starts: true}.
  virtual void check(loop::Loop& back, Completion<json::Value> done) = 0;
  /// Puts the good generation before the one in force back into force; the report.
  virtual void rollback(loop::Loop& back, Completion<json::Value> done) = 0;
  /// The script files in force, each with the root it came from.
  virtual json::Value files() = 0;
  /// All methods of a context as described at load.
  virtual json::Value methods(const std::string& context) = 0;
  /// Counters of calls, VMs, store and connections in the text format of Prometheus.
  virtual std::string metrics_text() { return {}; }
  /// Begins an orderly stop; the answer of the caller is still sent.
  virtual void shutdown() = 0;
  /// The same, then the program begins anew in the same process.
  virtual void restart() = 0;

  /// A Unix socket that serves the handler tree of `context` to whoever may open it.
  struct Listener {
    std::string path;
    std::string context;
    std::string attributes;  ///< JSON object merged into `call.ctx`
    unsigned uid = 0;        ///< owner of the socket
    unsigned gid = 0;
  };
  virtual void listen(loop::Loop& back, Listener listener, Completion<> done) = 0;
  virtual void unlisten(loop::Loop& back, std::string path, Completion<> done) = 0;
};

}  // namespace engine::bindings
