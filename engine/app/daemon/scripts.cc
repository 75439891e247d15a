#include "app/daemon/scripts.hh"

#include "base/log.hh"
#include "json/reader.hh"

#include <utility>

namespace engine::app {
namespace {

constexpr Milliseconds kQuiet{50};

json::Value durations(const LoadTimes& times) {
  json::Value value;
  value["readUs"] = times.read;
  value["buildUs"] = times.build;
  value["vmsUs"] = times.vms;
  return value;
}

/// What changed between two generations, context by context.
json::Value report_of(const Generation* before, const Generation& after, const LoadTimes& times) {
  json::Value report;
  json::Value changes;
  for (const auto& [context, table] : after.tables) {
    if (before == nullptr) break;
    const auto old = before->tables.find(context);
    if (old == before->tables.end()) continue;
    const rpc::MethodDiff diff = rpc::diff(*old->second, *table);
    if (!diff.empty()) changes[context] = diff.to_json();
  }
  report["generation"] = after.id;
  report["changed"] = true;
  report["methods"] = changes.is_null() ? json::Value(json::Object{}) : std::move(changes);
  report["durations"] = durations(times);
  return report;
}

}  // namespace

json::Value describe_load_error(const Error& error) {
  json::Value value;
  if (auto info = json::parse(error.info); info && info->is_object()) value = std::move(*info);
  value["message"] = error.message;
  if (!error.hint.empty()) value["hint"] = error.hint;
  return value;
}

/// One swap under way: how many loops still build, and what went wrong.
struct Scripts::Swap {
  std::shared_ptr<const Generation> next;
  LoadTimes times;
  TimePoint started = Clock::now();
  std::size_t pending = 0;
  std::optional<Error> error;
};

Scripts::Scripts(Options options,
                 Loops loops,
                 loop::OffloadPool& pool,
                 const script::Services& services,
                 std::span<const script::Module> modules)
    : options_(std::move(options)),
      loops_(std::move(loops)),
      pool_(pool),
      services_(services),
      modules_(modules) {}

Scripts::~Scripts() = default;

std::vector<ScriptLoop*> Scripts::all_loops() const {
  std::vector<ScriptLoop*> all = loops_.workers;
  all.push_back(&loops_.control);
  return all;
}

void Scripts::reload(Completion<json::Value> done) {
  if (loading_) {
    queued_.push_back(std::move(done));
    return;
  }
  waiting_.push_back(std::move(done));
  begin();
}

void Scripts::begin() {
  loading_ = true;
  auto times = std::make_shared<LoadTimes>();
  pool_.run<std::shared_ptr<const Generation>>(
      loops_.control.loop(),
      [this,
       times,
       id = next_id_,
       overlay = shipped_only_ ? std::filesystem::path() : options_.overlay] {
        return load_generation(id, overlay, options_.shipped, services_, modules_, *times);
      },
      [this, times](Result<std::shared_ptr<const Generation>> loaded) {
        on_loaded(std::move(loaded), *times);
      });
}

// At start a broken overlay must not keep the daemon down; its error stays in the status.
void Scripts::begin_without_overlay() {
  log::error("script", "starting without the overlay " + options_.overlay.string());
  shipped_only_ = true;
  begin();
}

void Scripts::on_loaded(Result<std::shared_ptr<const Generation>> loaded, LoadTimes times) {
  if (!loaded) {
    error_ = loaded.error();
    log::error("script", "scripts refused: " + error_->message, {{"detail", error_->info}});
    if (!current_ && !shipped_only_) return begin_without_overlay();
    return answer(fail(std::move(loaded).error()));
  }
  if (!std::exchange(shipped_only_, false)) error_.reset();
  if (current_ && current_->scripts->fingerprint() == (*loaded)->scripts->fingerprint()) {
    json::Value report;
    report["generation"] = current_->id;
    report["changed"] = false;
    report["durations"] = durations(times);
    return answer(report);
  }
  build_vms(std::move(*loaded), times);
}

void Scripts::build_vms(std::shared_ptr<const Generation> next, LoadTimes times) {
  auto swap = std::make_shared<Swap>();
  swap->next = std::move(next);
  swap->times = times;
  const auto loops = all_loops();
  swap->pending = loops.size();
  for (ScriptLoop* each : loops) {
    each->loop().post([this, each, swap] {
      Result<> built = each->prepare(swap->next);
      loops_.control.loop().post([this, swap, built = std::move(built)]() mutable {
        if (!built) swap->error = std::move(built).error();
        if (--swap->pending == 0) finish_swap(swap);
      });
    });
  }
}

void Scripts::finish_swap(const std::shared_ptr<Swap>& swap) {
  if (swap->error) {
    for (ScriptLoop* each : all_loops()) {
      each->loop().post([each] { each->discard(); });
    }
    error_ = swap->error;
    return answer(fail(*swap->error));
  }
  ++next_id_;
  swap->times.vms =
      std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - swap->started).count();
  const auto before = std::exchange(current_, swap->next);
  published_.store(current_);
  for (ScriptLoop* worker : loops_.workers) {
    worker->loop().post([worker] { worker->commit(); });
  }
  // The control module of the old generation hands its actors over one by one: both run for a
  // while.
  if (before) loops_.control.spawn_hook(before->package.control, "retire", script::kForever, [] {});
  loops_.control.commit();
  loops_.control.spawn_hook(current_->package.control, "start", script::kForever, [] {});
  const json::Value report = report_of(before.get(), *current_, swap->times);
  log::info("script",
            "generation " + std::to_string(current_->id) + " in force",
            {{"fingerprint", current_->scripts->fingerprint().substr(0, 12)}});
  answer(report);
}

void Scripts::answer(const Result<json::Value>& report) {
  json::Value told = report ? *report : json::Value();
  if (!report) told["error"] = describe_load_error(report.error());
  if (on_report) on_report(told);
  loading_ = false;
  for (auto& done : std::exchange(waiting_, {}))
    done(report);
  if (queued_.empty()) return;
  waiting_ = std::exchange(queued_, {});
  begin();
}

Result<> Scripts::watch() {
  TRY_ASSIGN(watch_,
             loop::FileWatch::open(
                 loops_.control.loop(), {options_.overlay, options_.shipped}, kQuiet, [this] {
                   reload([](const Result<json::Value>&) {});
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
  if (error_) value["error"] = describe_load_error(*error_);
  return value;
}

}  // namespace engine::app
