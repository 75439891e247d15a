#include "app/daemon/failure_table.hh"

#include "base/bytes.hh"
#include "base/log.hh"
#include "base/time.hh"
#include "json/writer.hh"

#include <sys/random.h>

#include <array>

namespace engine::app {
namespace {

std::string new_correlation_id() {
  std::array<std::byte, 6> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) < 0) return "000000000000";
  return to_hex(bytes);
}

}  // namespace

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
  }
  json::Value info;
  info["correlationId"] = id;
  return {.code = Errc::script,
          .message = "the handler of " + method + " failed",
          .hint = "moon-cli script status shows it; the log has the traceback under " + id,
          .info = json::write(info)};
}

json::Value FailureTable::summary() const {
  const std::lock_guard lock(mutex_);
  json::Value all{json::Object{}};
  for (const auto& [method, entry] : entries_) {
    json::Value& row = all[method];
    row["count"] = entry.count;
    row["last"] = entry.last;
    row["at"] = entry.at;
    row["correlationId"] = entry.correlation;
  }
  return all;
}

void FailureTable::clear() {
  const std::lock_guard lock(mutex_);
  entries_.clear();
}

}  // namespace engine::app
