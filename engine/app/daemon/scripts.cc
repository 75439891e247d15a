#include "app/daemon/scripts.hh"

#include "base/bytes.hh"
#include "base/log.hh"
#include "crypto/sha256.hh"
#include "json/reader.hh"
#include "json/writer.hh"

#include <malloc.h>

#include <utility>

namespace engine::app {
namespace {

constexpr Milliseconds kQuiet{50};
constexpr Milliseconds kTrimAfter{1'000};

constexpr std::size_t kKept = 3;

/// Whose all is that runs on the loader's thread.
constexpr std::uint64_t kLoading = 1;

Error stopped_error() {
  return {.code = Errc::cancelled, .message = "no scripts are loaded any more: the daemon stops"};
}

json::Value durations(const LoadTimes& times) {
  json::Value value;
  value["readUs"] = times.read;
  value["compileUs"] = times.compile;
  value["buildUs"] = times.build;
  value["validateUs"] = times.validate;
  value["selftestUs"] = times.selftest;
  value["vmsUs"] = times.vms;
  value["swapUs"] = times.swap;
  value["totalUs"] = times.read + times.compile + times.build + times.validate + times.selftest +
                     times.vms + times.swap;
  return value;
}

json::Value to_array(const std::vector<std::string>& names) {
  json::Array list;
  for (const std::string& name : names)
    list.emplace_back(name);
  return list;
}

json::Value method_changes(const Generation& before, const Generation& after) {
  json::Value changes{json::Object{}};
  for (const auto& [context, table] : after.tables) {
    const auto old = before.tables.find(context);
    if (old == before.tables.end() || old->second == table) continue;
    const rpc::MethodDiff diff = rpc::diff(*old->second, *table);
    if (!diff.empty()) changes[context] = diff.to_json();
  }
  return changes;
}

/// What changed between two generations: files, and methods context by context.
json::Value report_of(const Generation* before, const Generation& after, const LoadTimes& times) {
  json::Value report;
  report["generation"] = after.id;
  report["changed"] = true;
  report["loadedAt"] = to_rfc3339(after.loaded_at);
  report["methods"] = json::Object{};
  report["durations"] = durations(times);
  if (before == nullptr) return report;
  report["previous"] = before->id;
  report["methods"] = method_changes(*before, after);
  const script::SnapshotDiff files = script::diff(*before->scripts, *after.scripts);
  json::Value& told = report["files"];
  told["added"] = to_array(files.added);
  told["removed"] = to_array(files.removed);
  told["changed"] = to_array(files.changed);
  return report;
}

std::int64_t micros_since(TimePoint start) {
  return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start).count();
}

}  // namespace

json::Value describe_load_error(const Error& error) {
  json::Value value;
  if (auto info = json::parse(error.info); info && info->is_object()) value = std::move(*info);
  value["message"] = json::to_utf8(error.message);
  if (!error.hint.empty()) value["hint"] = error.hint;
  return value;
}

/// One swap under way: how many loops still build, and what went wrong.
struct Scripts::Swap {
  std::shared_ptr<const Generation> next;
  LoadTimes times;
  TimePoint started = Clock::now();
  std::vector<ScriptLoop*> loops;  ///< workers, then the control loop
  std::vector<std::unique_ptr<LoadedVm>> built;
  std::size_t pending = 0;
  std::size_t next_loop = 0;
  std::optional<Error> error;
  bool rollback = false;
  std::uint64_t restored = 0;  ///< the number it had before the rollback
};

Scripts::Scripts(Options options,
                 Loops loops,
                 loop::OffloadPool& pool,
                 loop::OffloadPool& loader,
                 const script::Services& services,
                 std::span<const script::Module> modules)
    : options_(std::move(options)),
      loops_(std::move(loops)),
      pool_(pool),
      loader_(loader),
      services_(services),
      modules_(modules),
      trim_(loops_.control.loop()) {}

Scripts::~Scripts() = default;

std::vector<ScriptLoop*> Scripts::all_loops() const {
  std::vector<ScriptLoop*> all = loops_.workers;
  all.push_back(&loops_.control);
  return all;
}

void Scripts::reload(Completion<json::Value> done) {
  if (stopping_) return done(fail(stopped_error()));
  if (loading_) {
    queued_.push_back(std::move(done));
    return;
  }
  waiting_.push_back(std::move(done));
  begin(false);
}

void Scripts::stop() {
  stopping_ = true;
  watch_.reset();
  stopper_.stop(kLoading);
}

void Scripts::reload_by_itself() {
  if (loading_) {
    queued_by_itself_ = true;
  } else {
    begin(true);
  }
}

void Scripts::begin(bool by_itself) {
  loading_ = true;
  by_itself_ = by_itself;
  auto report = std::make_shared<LoadReport>();
  LoadRequest request{.id = next_id_,
                      .overlay = shipped_only_ ? std::filesystem::path() : options_.overlay,
                      .shipped = options_.shipped,
                      .before = current_};
  // Nothing was written since somebody was told what is wrong with it.
  if (by_itself) request.refused = refused_;
  loader_.run<std::shared_ptr<const Generation>>(
      loops_.control.loop(),
      [this, report, request = std::move(request)] {
        const script::Guard::Stoppable stoppable(stopper_, kLoading);
        return load_generation(request, services_, modules_, *report);
      },
      [this, report](Result<std::shared_ptr<const Generation>> loaded) {
        on_loaded(std::move(loaded), *report);
      });
}

// At start a broken overlay must not keep the daemon down; its error stays in the status.
void Scripts::begin_without_overlay() {
  log::error("script", "starting without the overlay " + options_.overlay.string());
  shipped_only_ = true;
  begin(by_itself_);
}

void Scripts::refuse(const Error& error, std::string fingerprint) {
  error_ = error;
  refused_ = std::move(fingerprint);
  log::error("script",
             "scripts refused: " + error.message,
             {{"detail", error.info}, {"trace", error.debug}});
}

void Scripts::on_loaded(Result<std::shared_ptr<const Generation>> loaded,
                        const LoadReport& report) {
  if (stopping_) return answer(fail(stopped_error()));
  const LoadTimes& times = report.times;
  if (!loaded) {
    refuse(loaded.error(), report.fingerprint);
    if (!current_ && !shipped_only_) return begin_without_overlay();
    return answer(fail(std::move(loaded).error()));
  }
  if (*loaded == nullptr) return answer(unchanged(times));
  if (!std::exchange(shipped_only_, false)) {
    error_.reset();
    refused_.clear();
  }
  if (*loaded == current_) {
    shunned_.reset();  // what is in force is what lies on the disk
    return answer(unchanged(times));
  }
  // The files are still those that somebody took out of force.
  if (by_itself_ && shunned_ &&
      shunned_->scripts->fingerprint() == (*loaded)->scripts->fingerprint()) {
    return answer(unchanged(times));
  }
  {
    const std::lock_guard lock(held_mutex_);
    std::erase_if(held_, [](const auto& scripts) { return scripts.expired(); });
    held_.push_back((*loaded)->scripts);
  }
  build_vms(std::move(*loaded), times);
}

// A VM holds the scripts it runs for as long as it lives.
std::size_t Scripts::held() const {
  const std::lock_guard lock(held_mutex_);
  std::erase_if(held_, [](const auto& scripts) { return scripts.expired(); });
  return held_.size();
}

json::Value Scripts::unchanged(const LoadTimes& times) const {
  json::Value report;
  report["generation"] = current_->id;
  report["changed"] = false;
  report["durations"] = durations(times);
  if (report_.find("previous") != nullptr) report["report"] = report_;
  return report;
}

void Scripts::rollback(Completion<json::Value> done) {
  if (stopping_) return done(fail(stopped_error()));
  if (loading_) return done(fail(Errc::busy, "a load of scripts is under way"));
  if (kept_.size() < 2) {
    return done(fail(Error{.code = Errc::not_found,
                           .message = "no earlier generation is kept",
                           .hint = "the last three good ones are, until the daemon stops"}));
  }
  loading_ = true;
  waiting_.push_back(std::move(done));
  const Generation& back = *kept_[kept_.size() - 2];
  auto again = std::make_shared<Generation>(back);
  again->id = next_id_;
  auto swap = std::make_shared<Swap>();
  swap->rollback = true;
  swap->restored = back.id;
  swap->next = std::move(again);
  build_vms(swap);
}

void Scripts::build_vms(std::shared_ptr<const Generation> next, LoadTimes times) {
  auto swap = std::make_shared<Swap>();
  swap->next = std::move(next);
  swap->times = times;
  build_vms(swap);
}

// Off the loops, which go on serving. One after the other, so that they keep their processors; at
// the start, when nothing is served yet, all at once.
void Scripts::build_vms(const std::shared_ptr<Swap>& swap) {
  swap->loops = all_loops();
  swap->built.resize(swap->loops.size());
  swap->pending = swap->loops.size();
  const std::size_t at_once = current_ ? 1 : swap->loops.size();
  swap->next_loop = at_once;
  for (std::size_t i = 0; i < at_once; ++i)
    build_one(swap, i);
}

void Scripts::build_one(const std::shared_ptr<Swap>& swap, std::size_t index) {
  (current_ ? loader_ : pool_)
      .run<std::unique_ptr<LoadedVm>>(
          loops_.control.loop(),
          [this, first = current_ == nullptr, each = swap->loops[index], next = swap->next] {
            // At the start several threads do it, which one stopper cannot serve.
            std::optional<script::Guard::Stoppable> stoppable;
            if (!first) stoppable.emplace(stopper_, kLoading);
            return each->build(next);
          },
          [this, swap, index](Result<std::unique_ptr<LoadedVm>> built) {
            if (built) {
              swap->built[index] = std::move(*built);
            } else if (!swap->error) {
              swap->error = std::move(built).error();
            }
            if (--swap->pending == 0) return finish_swap(swap);
            if (swap->next_loop < swap->loops.size()) build_one(swap, swap->next_loop++);
          });
}

void Scripts::finish_swap(const std::shared_ptr<Swap>& swap) {
  if (swap->error) {
    for (const auto& each : swap->built)
      if (each) ScriptLoop::claim(*each);
    swap->built.clear();
    if (stopping_) return answer(fail(stopped_error()));
    // A rollback says nothing of what lies on the disk.
    refuse(*swap->error, swap->rollback ? "" : swap->next->scripts->fingerprint());
    return answer(fail(*swap->error));
  }
  ++next_id_;
  swap->times.vms = micros_since(swap->started);
  swap->started = Clock::now();
  const auto before = std::exchange(current_, swap->next);
  published_.store(current_);
  // The control module of the old generation hands its actors over one by one: both run for a
  // while.
  if (before) loops_.control.spawn_hook(before->package.control, "retire", script::kForever, [] {});
  loops_.control.adopt(std::move(swap->built.back()));
  loops_.control.commit();
  loops_.control.spawn_hook(current_->package.control, "start", script::kForever, [] {});
  swap->pending = loops_.workers.size();
  for (std::size_t i = 0; i < loops_.workers.size(); ++i) {
    ScriptLoop* worker = loops_.workers[i];
    worker->loop().post([this, worker, i, swap, before] {
      worker->adopt(std::move(swap->built[i]));
      worker->commit();
      loops_.control.loop().post([this, swap, before] {
        if (--swap->pending > 0) return;
        swap->times.swap = micros_since(swap->started);
        tell_swapped(*swap, before.get());
      });
    });
  }
}

/// Every loop runs the new generation.
void Scripts::tell_swapped(const Swap& swap, const Generation* before) {
  json::Value report = report_of(before, *current_, swap.times);
  ++(swap.rollback ? counts_.rollbacks : counts_.reloads);
  if (swap.rollback) {
    report["rolledBackFrom"] = before->id;
    report["restored"] = swap.restored;
    shunned_ = kept_.back();
    kept_.pop_back();
    kept_.back() = current_;
  } else {
    shunned_.reset();
    kept_.push_back(current_);
    if (kept_.size() > kKept) kept_.erase(kept_.begin());
  }
  if (before != nullptr && on_files_changed) {
    script::SnapshotDiff files = script::diff(*before->scripts, *current_->scripts);
    files.changed.insert(files.changed.end(), files.removed.begin(), files.removed.end());
    on_files_changed(files.changed);
  }
  // What old generations leave goes back to the system: not at once, for the next load can use it,
  // and trimming keeps every thread from allocating.
  trim_.start(kTrimAfter, [this] { loader_.submit([] { ::malloc_trim(0); }); });
  log::info("script",
            "generation " + std::to_string(current_->id) + " in force",
            {{"fingerprint", current_->scripts->fingerprint().substr(0, 12)},
             {"tookUs", std::to_string(report["durations"].integer_or("totalUs", 0))},
             {"rolledBackFrom", swap.rollback ? std::to_string(before->id) : std::string()}});
  if (on_swapped) on_swapped(current_->id);
  report_ = report;
  answer(report);
}

void Scripts::tell(const Result<json::Value>& report) {
  json::Value told = report ? *report : json::Value();
  if (!report) {
    ++counts_.refused;
    told["error"] = describe_load_error(report.error());
  } else if (!report->boolean_or("changed", true)) {
    ++counts_.unchanged;
  }
  if (on_report) on_report(told);
}

void Scripts::answer(const Result<json::Value>& report) {
  if (!stopping_) tell(report);
  loading_ = false;
  for (auto& done : std::exchange(waiting_, {}))
    done(report);
  if (stopping_) {
    for (auto& done : std::exchange(queued_, {}))
      done(fail(stopped_error()));
    return;
  }
  const bool changed_meanwhile = std::exchange(queued_by_itself_, false);
  if (queued_.empty() && !changed_meanwhile) return;
  waiting_ = std::exchange(queued_, {});
  begin(waiting_.empty());
}

Result<> Scripts::watch() {
  TRY_ASSIGN(watch_,
             loop::FileWatch::open(
                 loops_.control.loop(), {options_.overlay, options_.shipped}, kQuiet, [this] {
                   reload_by_itself();
                 }));
  return {};
}

json::Value Scripts::status() const {
  json::Value value;
  value["generation"] = current_ ? json::Value(current_->id) : json::Value();
  if (current_) {
    value["loadedAt"] = to_rfc3339(current_->loaded_at);
    value["fingerprint"] = current_->scripts->fingerprint().substr(0, 16);
    json::Array roots;
    for (const auto& root : current_->package.roots)
      roots.emplace_back(root.string());
    value["roots"] = std::move(roots);
    value["files"] = static_cast<std::int64_t>(current_->scripts->files().size());
  }
  json::Array kept;
  for (const auto& each : kept_)
    kept.emplace_back(each->id);
  value["kept"] = std::move(kept);
  if (shunned_) value["rolledBackFrom"] = shunned_->id;
  if (report_.find("previous") != nullptr) value["report"] = report_;
  if (error_) value["error"] = describe_load_error(*error_);
  return value;
}

json::Value Scripts::files(const Generation& generation, const std::filesystem::path& overlay) {
  json::Array list;
  for (const auto& [module, file] : generation.scripts->files()) {
    json::Value row;
    row["file"] = file->name;
    row["module"] = file->module;
    const bool ours = generation.package.roots[file->root] == overlay;
    row["from"] = std::string_view(ours ? "overlay" : "shipped");
    row["path"] = file->path.string();
    row["bytes"] = static_cast<std::int64_t>(file->source.size());
    row["hash"] = to_hex(crypto::sha256(as_bytes(file->source)));
    list.push_back(std::move(row));
  }
  return list;
}

}  // namespace engine::app
