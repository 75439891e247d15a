#pragma once

#include "app/daemon/generation.hh"
#include "app/daemon/script_loop.hh"
#include "json/value.hh"
#include "loop/file_watch.hh"
#include "loop/offload.hh"
#include "script/guard.hh"

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
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
          loop::OffloadPool& loader,
          const script::Services& services,
          std::span<const script::Module> modules);
  Scripts(const Scripts&) = delete;
  Scripts& operator=(const Scripts&) = delete;
  ~Scripts();

  /// Loads now and answers with the report: {generation, previous, changed, loadedAt, files:
  /// {added, removed, changed}, methods: {context: {added, removed, changed}}, durations}. Calls
  /// made meanwhile share one further load. Where the files are as they were: {generation, changed,
  /// durations, report?}, the last being that of the load which put the generation into force.
  /// ERRORS: Errc::script with file and line; the generation in force stays.
  void reload(Completion<json::Value> done);

  /// Puts the good generation before the one in force back into force, under a new number. What is
  /// on disk stays out until a file changes or somebody asks for a reload. The report has
  /// `rolledBackFrom` and `restored` besides. ERRORS: Errc::not_found: there is none any more (the
  /// last three are kept); Errc::busy while a load is under way.
  void rollback(Completion<json::Value> done);

  /// Nothing is loaded any more: what is asked for, and what is under way even if it loops, ends
  /// with Errc::cancelled.
  void stop();

  /// Reloads by itself when a file below the roots changes (50 ms of quiet).
  Result<> watch();

  /// {generation, loadedAt, fingerprint, roots, files, kept, rolledBackFrom?, report?, error?}
  [[nodiscard]] json::Value status() const;
  /// The files in force: [{file, module, from, path, bytes, hash}], `from` being overlay or
  /// shipped, `hash` SHA-256.
  [[nodiscard]] static json::Value files(const Generation& generation,
                                         const std::filesystem::path& overlay);

  /// How often since the start. Thread-safe.
  struct Counts {
    std::atomic<std::uint64_t> reloads = 0;
    std::atomic<std::uint64_t> unchanged = 0;  ///< loads that found nothing new
    std::atomic<std::uint64_t> refused = 0;
    std::atomic<std::uint64_t> rollbacks = 0;
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }
  /// Generations somebody still holds: the kept ones, and those with a VM that is not closed yet.
  /// Thread-safe.
  [[nodiscard]] std::size_t held() const;

  [[nodiscard]] const std::shared_ptr<const Generation>& current() const { return current_; }
  /// The same for other threads; null before the first load. Thread-safe.
  [[nodiscard]] std::shared_ptr<const Generation> published() const { return published_.load(); }

  /// Tells each subscriber of a reload's report; may be empty.
  UniqueFunction<void(const json::Value&)> on_report;
  /// Told of the files that a new generation has changed or removed; may be empty.
  UniqueFunction<void(const std::vector<std::string>&)> on_files_changed;
  /// Told the number of a generation when every loop runs it; may be empty.
  UniqueFunction<void(std::uint64_t)> on_swapped;

 private:
  struct Swap;
  void begin(bool by_itself);
  void reload_by_itself();
  void begin_without_overlay();
  void on_loaded(Result<std::shared_ptr<const Generation>> loaded, const LoadReport& report);
  void refuse(const Error& error, std::string fingerprint);
  void build_vms(std::shared_ptr<const Generation> next, LoadTimes times);
  void build_vms(const std::shared_ptr<Swap>& swap);
  void build_one(const std::shared_ptr<Swap>& swap, std::size_t index);
  void finish_swap(const std::shared_ptr<Swap>& swap);
  void answer(const Result<json::Value>& report);
  void tell(const Result<json::Value>& report);
  void tell_swapped(const Swap& swap, const Generation* before);
  json::Value unchanged(const LoadTimes& times) const;
  [[nodiscard]] std::vector<ScriptLoop*> all_loops() const;

  Options options_;
  Loops loops_;
  loop::OffloadPool& pool_;
  loop::OffloadPool& loader_;
  const script::Services& services_;
  std::span<const script::Module> modules_;
  std::shared_ptr<const Generation> current_;
  std::atomic<std::shared_ptr<const Generation>> published_;
  std::vector<std::shared_ptr<const Generation>> kept_;  ///< good ones, oldest first, with current_
  /// Taken out of force by a rollback: not loaded again before a file changes.
  std::shared_ptr<const Generation> shunned_;
  json::Value report_;              ///< of the load that put current_ into force
  std::optional<Error> error_;      ///< of the last load, if it failed
  std::string refused_;             ///< fingerprint of what it loaded; empty: it did not fail
  script::Guard::Stopper stopper_;  ///< of what the loader runs
  bool stopping_ = false;
  std::uint64_t next_id_ = 1;
  Counts counts_;
  mutable std::mutex held_mutex_;
  mutable std::vector<std::weak_ptr<const script::Snapshot>> held_;
  bool loading_ = false;
  bool by_itself_ = false;         ///< the load under way was asked for by the file watch alone
  bool queued_by_itself_ = false;  ///< the file watch asked for the load after it
  bool shipped_only_ = false;      ///< the load under way leaves the overlay out
  std::vector<Completion<json::Value>> waiting_;  ///< for the load under way
  std::vector<Completion<json::Value>> queued_;   ///< for the load after it
  std::unique_ptr<loop::FileWatch> watch_;
  loop::Timer trim_;
};

/// {file, line, message, hint} of a load error, as reports and status show it.
json::Value describe_load_error(const Error& error);

}  // namespace engine::app
