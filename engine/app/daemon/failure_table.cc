#include "app/daemon/failure_table.hh"

#include "base/bytes.hh"
#include "base/log.hh"
#include "base/time.hh"
#include "json/writer.hh"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace engine::app {
namespace {

std::string new_correlation_id() {
  std::array<std::byte, 6> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) < 0) return "000000000000";
  return to_hex(bytes);
}

}  // namespace

std::optional<Place> find_place(std::string_view text) {
  static constexpr std::string_view kMark = ".lua:";
  const char* end = text.data() + text.size();
  // Compiled code does not always know its line: "core/echo.lua: in function …".
  for (std::size_t at = text.find(kMark); at != std::string_view::npos;
       at = text.find(kMark, at + 1)) {
    const std::size_t begin = text.substr(0, at).find_last_of(" \n'\"<") + 1;
    const std::size_t number = at + kMark.size();
    Place place{.file = std::string(text.substr(begin, number - 1 - begin))};
    if (std::from_chars(text.data() + number, end, place.line).ec == std::errc()) return place;
  }
  return std::nullopt;
}

Error FailureTable::record(const std::string& method, const Error& raised) {
  const std::string id = new_correlation_id();
  log::error("script",
             raised.message,
             {{"method", method}, {"correlationId", id}, {"trace", raised.debug}});
  {
    const std::lock_guard lock(mutex_);
    Entry& entry = entries_[method];
    ++entry.count;
    entry.last = raised.message;
    entry.at = now_rfc3339();
    entry.correlation = id;
    entry.trace = raised.debug;
    entry.place = find_place(raised.debug);
    if (!entry.place) entry.place = find_place(raised.message);
  }
  json::Value info;
  info["correlationId"] = id;
  const bool late = raised.code == Errc::timeout;
  return {.code = raised.code,
          .message = "the handler of " + method + (late ? " ran past its deadline" : " failed"),
          .hint = "moon-cli script failures shows it; the log has the traceback under " + id,
          .info = json::write(info)};
}

json::Value FailureTable::summary() const {
  const std::lock_guard lock(mutex_);
  json::Value all{json::Object{}};
  for (const auto& [method, entry] : entries_) {
    json::Value& row = all[method];
    row["count"] = entry.count;
    row["last"] = json::to_utf8(entry.last);
    row["at"] = entry.at;
    row["correlationId"] = entry.correlation;
    if (!entry.trace.empty()) row["trace"] = json::to_utf8(entry.trace);
    if (!entry.place) continue;
    row["file"] = entry.place->file;
    row["line"] = static_cast<std::int64_t>(entry.place->line);
  }
  return all;
}

void FailureTable::forget(const std::vector<std::string>& files) {
  const std::lock_guard lock(mutex_);
  std::erase_if(entries_, [&](const auto& row) {
    return row.second.place && std::ranges::find(files, row.second.place->file) != files.end();
  });
}

}  // namespace engine::app
