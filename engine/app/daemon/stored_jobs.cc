#include "app/daemon/stored_jobs.hh"

#include "base/log.hh"
#include "base/time.hh"

#include <algorithm>

namespace engine::app {
namespace {

using event::JobSnapshot;

json::Pointer place() {
  return json::Pointer().child("private").child("jobs");
}

json::Value record_of(const JobSnapshot& job) {
  json::Object record{{"kind", job.kind}, {"created", job.created}};
  if (!job.target.empty()) record["target"] = job.target;
  if (!job.title.empty()) record["title"] = job.title;
  if (!job.ended.empty()) record["ended"] = job.ended;
  return record;
}

/// The job of a record, cut short; `ended` is empty if nobody has noticed yet.
JobSnapshot cut_job(const std::string& id, const json::Value& record) {
  return {.id = id,
          .kind = record.string_or("kind", "job"),
          .target = record.string_or("target", ""),
          .title = record.string_or("title", ""),
          .state = event::JobState::failed,
          .error = Error{.code = Errc::daemon_restarted,
                         .message = "the daemon was restarted while this job ran",
                         .hint = "look at what it left behind, then begin it again"},
          .created = record.string_or("created", ""),
          .ended = record.string_or("ended", "")};
}

/// All that are written down, oldest first.
Result<std::vector<JobSnapshot>> read(store::Mutation& mutation) {
  std::vector<JobSnapshot> jobs;
  TRY_ASSIGN(const auto records, mutation.get(place()));
  if (!records || records->object() == nullptr) return jobs;
  for (const auto& [id, record] : *records->object())
    jobs.push_back(cut_job(id, record));
  std::ranges::stable_sort(jobs, {}, &JobSnapshot::created);
  return jobs;
}

}  // namespace

StoredJobs::StoredJobs(store::Store& store, event::JobTable& jobs) : store_(store), jobs_(jobs) {
  if (const auto settled = settle(); !settled) {
    log::warn("job", "jobs of the last run are not written down: " + settled.error().message);
  }
  jobs_.keep_in(this);
}

void StoredJobs::close() {
  closed_ = true;
  jobs_.keep_in(nullptr);
}

Result<> StoredJobs::settle() {
  std::vector<JobSnapshot> found;
  const auto written = store_.mutate([&found](store::Mutation& mutation) -> Result<> {
    TRY_ASSIGN(found, read(mutation));
    const std::size_t surplus = found.size() > kKept ? found.size() - kKept : 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
      const json::Pointer at = place().child(found[i].id);
      if (i < surplus) {
        TRY(mutation.remove(at));
      } else if (found[i].ended.empty()) {
        JobSnapshot ended = found[i];
        ended.ended = now_rfc3339();
        TRY(mutation.put(at, record_of(ended)));
      }
    }
    return {};
  });
  // Also those whose record is gone with this, so that nobody is left untold.
  for (JobSnapshot& job : found) {
    if (job.ended.empty()) {
      job.ended = now_rfc3339();
      cut_.push_back(job.id);
      log::warn("job", job.kind + " was cut short by a restart of the daemon", {{"job", job.id}});
    }
    jobs_.restore(std::move(job));
  }
  if (!written) return fail(written.error());
  return {};
}

void StoredJobs::announce() {
  for (const std::string& id : std::exchange(cut_, {}))
    jobs_.announce(id);
}

void StoredJobs::begin(const JobSnapshot& job, Written written) {
  change(
      [at = place().child(job.id), record = record_of(job)](store::Mutation& mutation) -> Result<> {
        TRY_ASSIGN(const bool others, mutation.exists(place()));
        if (!others) {
          TRY(mutation.put(place(), json::Object{}));
        }
        return mutation.put(at, record);
      },
      std::move(written));
}

void StoredJobs::end(std::string_view id) {
  change(
      [at = place().child(id)](store::Mutation& mutation) -> Result<> {
        TRY_ASSIGN(const bool there, mutation.exists(at));
        return there ? mutation.remove(at) : Result<>();
      },
      [job = std::string(id)](const Result<>& removed) {
        if (removed) return;
        log::warn("job", "its end is not written down: " + removed.error().message, {{"job", job}});
      });
}

/// Commits `edit`, again when somebody else was faster.
void StoredJobs::change(Edit edit, Written written) {
  if (closed_) return written(fail(Errc::shutting_down, "the daemon is stopping"));
  auto mutation = store_.begin();
  if (!mutation) return written(fail(mutation.error()));
  if (auto edited = edit(*mutation); !edited) return written(std::move(edited));
  auto set = std::move(*mutation).finish();
  if (!set) return written(fail(set.error()));
  store_.commit(std::move(*set),
                store::Durability::durable,
                [this, edit = std::move(edit), written = std::move(written)](
                    const Result<store::Committed>& committed) mutable {
                  if (committed) return written({});
                  if (committed.error().code == Errc::conflict) {
                    return change(std::move(edit), std::move(written));
                  }
                  written(fail(committed.error()));
                });
}

}  // namespace engine::app
