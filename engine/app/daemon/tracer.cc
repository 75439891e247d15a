#include "app/daemon/tracer.hh"

#include <utility>

namespace engine::app {
namespace {

json::Value span_value(const script::TraceLog::Span& span) {
  json::Value value = json::Object{{"name", span.name},
                                   {"parent", static_cast<std::int64_t>(span.parent + 1)},
                                   {"start", span.start},
                                   {"finish", span.finish < 0 ? span.start : span.finish}};
  if (!span.at.empty()) value["at"] = span.at;
  return value;
}

}  // namespace

Result<> Tracer::begin(std::string method,
                       std::size_t count,
                       UniqueFunction<void(json::Value)> done) {
  const std::lock_guard lock(mutex_);
  if (done_) return fail(Errc::busy, "another trace is being taken: '" + method_ + "'");
  method_ = std::move(method);
  to_take_ = to_come_ = count;
  calls_.clear();
  done_ = std::move(done);
  active_.store(true, std::memory_order_relaxed);
  return {};
}

bool Tracer::claim(std::string_view method) {
  const std::lock_guard lock(mutex_);
  if (to_take_ == 0 || method != method_) return false;
  if (--to_take_ == 0) active_.store(false, std::memory_order_relaxed);
  return true;
}

void Tracer::add(const script::TraceLog& log, json::Value facts) {
  json::Array spans;
  for (const auto& span : log.spans())
    spans.push_back(span_value(span));
  facts["spans"] = std::move(spans);
  const std::unique_lock lock(mutex_);
  if (!done_ || to_come_ == 0) return;
  calls_.emplace_back(std::move(facts));
  if (--to_come_ > 0) return;
  std::exchange(done_, {})(json::Value(std::exchange(calls_, {})));
}

void Tracer::finish() {
  const std::lock_guard lock(mutex_);
  active_.store(false, std::memory_order_relaxed);
  to_take_ = to_come_ = 0;
  if (done_) std::exchange(done_, {})(json::Value(std::exchange(calls_, {})));
}

}  // namespace engine::app
