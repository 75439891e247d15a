#include "script/state_table.hh"

#include "base/file.hh"
#include "json/writer.hh"

#include <charconv>
#include <cmath>
#include <cstdlib>

namespace engine::script {

std::optional<std::string> StateTable::get(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = values_.find(name);
  return found == values_.end() ? std::nullopt : std::optional(found->second);
}

void StateTable::set(std::string_view name, std::optional<std::string> json) {
  const std::lock_guard lock(mutex_);
  if (json) {
    values_.insert_or_assign(std::string(name), std::move(*json));
  } else if (const auto found = values_.find(name); found != values_.end()) {
    values_.erase(found);
  }
}

double StateTable::add(std::string_view name, double amount) {
  const std::lock_guard lock(mutex_);
  std::string& text = values_.try_emplace(std::string(name)).first->second;
  const double sum = std::strtod(text.c_str(), nullptr) + amount;
  text.clear();
  json::Writer writer(text);
  if (sum == std::floor(sum) && std::abs(sum) < 9e15) {
    writer.integer(static_cast<std::int64_t>(sum));
  } else {
    writer.real(sum);
  }
  return sum;
}

std::vector<std::string> StateTable::names(std::string_view prefix) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  for (auto at = values_.lower_bound(prefix); at != values_.end(); ++at) {
    if (!at->first.starts_with(prefix)) break;
    names.push_back(at->first);
  }
  return names;
}

StateTable::Seen StateTable::once(std::string_view set,
                                  std::string_view key,
                                  std::string_view owner,
                                  TimePoint now,
                                  Milliseconds period,
                                  std::size_t limit) {
  const std::lock_guard lock(mutex_);
  Set& all = sets_.try_emplace(std::string(set)).first->second;
  while (!all.ends.empty() && all.ends.front().first <= now) {
    all.owners.erase(all.ends.front().second);
    all.ends.pop_front();
  }
  if (const auto found = all.owners.find(std::string(key)); found != all.owners.end()) {
    return !owner.empty() && found->second == owner ? Seen::first : Seen::again;
  }
  if (all.owners.size() >= limit) return Seen::full;
  all.owners.emplace(key, owner);
  all.ends.emplace_back(now + period, key);
  return Seen::first;
}

/// REQUIRES: marks_mutex_ is held.
Result<StateTable::Mark*> StateTable::find_mark(std::string_view name) {
  if (const auto known = marks_.find(name); known != marks_.end()) return &known->second;
  Mark mark;
  const auto path = marks_folder_ / name;
  std::error_code ignored;
  if (!marks_folder_.empty() && std::filesystem::exists(path, ignored)) {
    TRY_ASSIGN(const std::string text, read_file(path));
    const char* end = text.data() + text.size();
    const auto [stop, problem] = std::from_chars(text.data(), end, mark.found);
    if (problem != std::errc() || stop != end) {
      return fail(Errc::corrupt, path.string() + " is not a number");
    }
    mark.raised = mark.found;
  }
  return &marks_.emplace(name, mark).first->second;
}

Result<std::uint64_t> StateTable::mark(std::string_view name) {
  const std::lock_guard lock(marks_mutex_);
  TRY_ASSIGN(const Mark* mark, find_mark(name));
  return mark->found;
}

Result<> StateTable::raise(std::string_view name, std::uint64_t value) {
  const std::lock_guard lock(marks_mutex_);
  TRY_ASSIGN(Mark * mark, find_mark(name));
  if (value <= mark->raised) return {};
  if (!marks_folder_.empty()) {
    std::error_code problem;
    std::filesystem::create_directories(marks_folder_, problem);
    TRY(write_file_atomic(marks_folder_ / name, std::to_string(value), 0600));
  }
  mark->raised = value;
  return {};
}

}  // namespace engine::script
