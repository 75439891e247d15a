#include "event/job_table.hh"

#include "base/bytes.hh"
#include "json/writer.hh"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <array>

namespace engine::event {
namespace {

constexpr Milliseconds kProgressInterval{100};
constexpr std::array<std::string_view, 4> kStateNames = {
    "running", "succeeded", "failed", "cancelled"};

/// 32 characters that are not to be guessed.
std::string make_id() {
  std::array<std::byte, 20> random{};
  std::size_t filled = 0;
  while (filled < random.size()) {
    const ssize_t got = getrandom(random.data() + filled, random.size() - filled, 0);
    if (got > 0) filled += static_cast<std::size_t>(got);
  }
  std::string id = to_base32(random);
  std::ranges::transform(id, id.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return id;
}

void write_text(json::Writer& writer, std::string_view key, std::string_view text) {
  writer.key(key);
  if (text.empty()) {
    writer.null();
  } else {
    writer.string(text);
  }
}

void write_error(json::Writer& writer, const Error& error) {
  writer.start_object();
  writer.key("kind");
  writer.string(errc_info(error.code).kind);
  writer.key("message");
  writer.string(error.message);
  if (!error.hint.empty()) {
    writer.key("hint");
    writer.string(error.hint);
  }
  if (!error.info.empty()) {
    writer.key("info");
    writer.raw(error.info);
  }
  writer.end_object();
}

JobSnapshot make_job(std::string kind, std::string target, std::string title) {
  return {.id = make_id(),
          .kind = std::move(kind),
          .target = std::move(target),
          .title = std::move(title),
          .created = now_rfc3339()};
}

tl::unexpected<Error> no_such_job(std::string_view id) {
  return fail(Errc::not_found, fmt::format("no job '{}'", id));
}

}  // namespace

std::string JobSnapshot::to_json() const {
  std::string text;
  json::Writer writer(text);
  writer.start_object();
  write_text(writer, "id", id);
  write_text(writer, "kind", kind);
  write_text(writer, "target", target);
  write_text(writer, "title", title);
  write_text(writer, "state", kStateNames[static_cast<std::size_t>(state)]);
  writer.key("cancelling");
  writer.boolean(cancelling);
  writer.key("progress");
  writer.raw(progress);
  writer.key("result");
  writer.raw(result);
  writer.key("error");
  if (error) {
    write_error(writer, *error);
  } else {
    writer.null();
  }
  write_text(writer, "created", created);
  write_text(writer, "ended", ended);
  writer.end_object();
  return text;
}

Job::~Job() {
  if (table_ == nullptr) return;
  fail(Error{.code = Errc::cancelled, .message = "the task of this job ended without a result"});
}

void Job::progress(std::string tree) {
  table_->set_progress(id_, std::move(tree));
}

void Job::finish(std::string result) {
  table_->end(id_, [&result](JobSnapshot& snapshot) {
    snapshot.state = JobState::succeeded;
    snapshot.result = std::move(result);
    snapshot.cancelling = false;
  });
}

void Job::fail(Error error) {
  table_->end(id_, [&error](JobSnapshot& snapshot) {
    snapshot.state = error.code == Errc::cancelled ? JobState::cancelled : JobState::failed;
    snapshot.error = std::move(error);
    snapshot.cancelling = false;
  });
}

bool Job::cancelled() const {
  const auto snapshot = table_->get(id_);
  return snapshot && snapshot->cancelling;
}

void Job::on_cancel(std::function<void()> hook) {
  table_->add_cancel_hook(id_, std::move(hook));
}

JobTable::Entry* JobTable::find(std::string_view id) {
  const auto found = entries_.find(std::string(id));
  return found == entries_.end() ? nullptr : &found->second;
}

const JobTable::Entry* JobTable::find(std::string_view id) const {
  const auto found = entries_.find(std::string(id));
  return found == entries_.end() ? nullptr : &found->second;
}

/// REQUIRES: mutex_ is held, so that events come in the order of the changes.
void JobTable::publish(const JobSnapshot& snapshot) {
  const bool about_package = snapshot.kind.starts_with("package.");
  ring_.publish({.type = "job",
                 .target = snapshot.kind,
                 .job = snapshot.id,
                 .package = about_package ? snapshot.target : std::string(),
                 .data = snapshot.to_json(),
                 .terminal = !snapshot.is_running()});
}

void JobTable::keep_in(JobRecords* records) {
  const std::lock_guard lock(mutex_);
  records_ = records;
}

Job JobTable::create(std::string kind, std::string target, std::string title) {
  return add(make_job(std::move(kind), std::move(target), std::move(title)));
}

void JobTable::begin(std::string kind, std::string target, std::string title, Begun begun) {
  JobSnapshot fresh = make_job(std::move(kind), std::move(target), std::move(title));
  JobRecords* records = nullptr;
  {
    const std::lock_guard lock(mutex_);
    records = records_;
  }
  if (records == nullptr) return begun(add(std::move(fresh)));
  records->begin(fresh, [this, fresh, begun = std::move(begun)](const Result<>& written) {
    begun(written ? Result<Job>(add(fresh)) : fail(written.error()));
  });
}

Job JobTable::add(JobSnapshot fresh) {
  std::string id = fresh.id;
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[id];
  entry.snapshot = std::move(fresh);
  order_.push_back(id);
  publish(entry.snapshot);
  return {*this, std::move(id)};
}

void JobTable::restore(JobSnapshot ended) {
  const std::string id = ended.id;
  const std::lock_guard lock(mutex_);
  entries_[id].snapshot = std::move(ended);
  order_.push_back(id);
  count_ended(id);
}

void JobTable::announce(std::string_view id) {
  const std::lock_guard lock(mutex_);
  if (const Entry* entry = find(id)) publish(entry->snapshot);
}

/// REQUIRES: mutex_ is held.
void JobTable::count_ended(const std::string& id) {
  ended_.push_back(id);
  if (ended_.size() <= history_) return;
  std::erase(order_, ended_.front());
  entries_.erase(ended_.front());
  ended_.pop_front();
}

std::vector<JobSnapshot> JobTable::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<JobSnapshot> jobs;
  jobs.reserve(order_.size());
  for (const std::string& id : order_)
    jobs.push_back(entries_.at(id).snapshot);
  return jobs;
}

Result<JobSnapshot> JobTable::get(std::string_view id) const {
  const std::lock_guard lock(mutex_);
  const Entry* entry = find(id);
  if (entry == nullptr) return no_such_job(id);
  return entry->snapshot;
}

Result<std::uint64_t> JobTable::wait(std::string_view id, Ended ended) {
  std::unique_lock lock(mutex_);
  Entry* entry = find(id);
  if (entry == nullptr) return no_such_job(id);
  const std::uint64_t waiter = ++last_waiter_;
  if (entry->snapshot.is_running()) {
    entry->waiters.emplace_back(waiter, std::move(ended));
    return waiter;
  }
  const JobSnapshot snapshot = entry->snapshot;
  lock.unlock();
  ended(snapshot);
  return waiter;
}

void JobTable::forget(std::string_view id, std::uint64_t waiter) {
  const std::lock_guard lock(mutex_);
  if (Entry* entry = find(id)) {
    std::erase_if(entry->waiters, [waiter](const auto& one) { return one.first == waiter; });
  }
}

Result<> JobTable::cancel(std::string_view id) {
  std::vector<std::function<void()>> hooks;
  {
    const std::lock_guard lock(mutex_);
    Entry* entry = find(id);
    if (entry == nullptr) return no_such_job(id);
    if (!entry->snapshot.is_running() || entry->snapshot.cancelling) return {};
    entry->snapshot.cancelling = true;
    hooks.swap(entry->cancel_hooks);
    publish(entry->snapshot);
  }
  for (const auto& hook : hooks)
    hook();
  return {};
}

void JobTable::set_progress(const std::string& id, std::string tree) {
  const std::lock_guard lock(mutex_);
  Entry* entry = find(id);
  if (entry == nullptr || !entry->snapshot.is_running()) return;
  entry->snapshot.progress = std::move(tree);
  const TimePoint now = Clock::now();
  if (now - entry->published < kProgressInterval) return;
  entry->published = now;
  publish(entry->snapshot);
}

void JobTable::end(const std::string& id, const std::function<void(JobSnapshot&)>& settle) {
  std::vector<std::pair<std::uint64_t, Ended>> waiters;
  JobSnapshot snapshot;
  JobRecords* records = nullptr;
  {
    const std::lock_guard lock(mutex_);
    Entry* entry = find(id);
    if (entry == nullptr || !entry->snapshot.is_running()) return;
    settle(entry->snapshot);
    entry->snapshot.ended = now_rfc3339();
    waiters.swap(entry->waiters);
    entry->cancel_hooks.clear();
    snapshot = entry->snapshot;
    publish(snapshot);
    count_ended(id);
    records = records_;
  }
  if (records != nullptr) records->end(id);
  for (const auto& [number, waiter] : waiters)
    waiter(snapshot);
}

void JobTable::add_cancel_hook(const std::string& id, std::function<void()> hook) {
  {
    const std::lock_guard lock(mutex_);
    Entry* entry = find(id);
    if (entry == nullptr || !entry->snapshot.is_running()) return;
    if (!entry->snapshot.cancelling) {
      entry->cancel_hooks.push_back(std::move(hook));
      return;
    }
  }
  hook();
}

}  // namespace engine::event
