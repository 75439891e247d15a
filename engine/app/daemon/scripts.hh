#pragma once

#include "app/daemon/generation.hh"
#include "app/daemon/script_loop.hh"
#include "json/value.hh"
#include "loop/file_watch.hh"
#include "loop/offload.hh"

#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

namespace engine::app {

/// Keeps every loop on the newest good generation of scripts: load, validate, build the VMs beside
/// the running ones, then swap one pointer per loop. A load that fails changes nothing. Resource
/// type; lives on the control loop.
class Scripts {
 public:
  struct Options {
    std::filesystem::path overlay;
    std::filesystem::path shipped;
  };
  struct Loops {
    ScriptLoop& control;
    std::vector<ScriptLoop*> workers;
  };

  Scripts(Options options,
          Loops loops,
          loop::OffloadPool& pool,
          const script::Services& services,
          std::span<const script::Module> modules);
  Scripts(const Scripts&) = delete;
  Scripts& operator=(const Scripts&) = delete;
  ~Scripts();

  /// Loads now and answers with the report: {generation, changed, methods: {context: {added,
  /// removed, changed}}, durations}. Calls made meanwhile share one further load. ERRORS:
  /// Errc::script with file and line; the generation in force stays.
  void reload(Completion<json::Value> done);

  /// Reloads by itself when a file below the roots changes (50 ms of quiet).
  Result<> watch();

  /// {generation, loadedAt, fingerprint, roots, error?}
  [[nodiscard]] json::Value status() const;

  [[nodiscard]] const std::shared_ptr<const Generation>& current() const { return current_; }
  /// The same for other threads; null before the first load. Thread-safe.
  [[nodiscard]] std::shared_ptr<const Generation> published() const { return published_.load(); }

  /// Tells each subscriber of a reload's report; may be empty.
  UniqueFunction<void(const json::Value&)> on_report;

 private:
  struct Swap;
  void begin();
  void begin_without_overlay();
  void on_loaded(Result<std::shared_ptr<const Generation>> loaded, LoadTimes times);
  void build_vms(std::shared_ptr<const Generation> next, LoadTimes times);
  void finish_swap(const std::shared_ptr<Swap>& swap);
  void answer(const Result<json::Value>& report);
  [[nodiscard]] std::vector<ScriptLoop*> all_loops() const;

  Options options_;
  Loops loops_;
  loop::OffloadPool& pool_;
  const script::Services& services_;
  std::span<const script::Module> modules_;
  std::shared_ptr<const Generation> current_;
  std::atomic<std::shared_ptr<const Generation>> published_;
  std::optional<Error> error_;  ///< of the last load, if it failed
  std::uint64_t next_id_ = 1;
  bool loading_ = false;
  bool shipped_only_ = false;                     ///< the load under way leaves the overlay out
  std::vector<Completion<json::Value>> waiting_;  ///< for the load under way
  std::vector<Completion<json::Value>> queued_;   ///< for the load after it
  std::unique_ptr<loop::FileWatch> watch_;
};

/// {file, line, message, hint} of a load error, as reports and status show it.
json::Value describe_load_error(const Error& error);

}  // namespace engine::app
