#include "app/daemon/events.hh"

#include "base/log.hh"
#include "base/verbosity.hh"
#include "event/log_ring.hh"
#include "json/writer.hh"

#include <algorithm>
#include <set>

namespace engine::app {
namespace {

/// Paths named in one event; a commit that touches more says so.
constexpr std::size_t kMostPaths = 64;

/// The names of private things may be secrets themselves: how deep they are told.
std::string told_path(const json::Pointer& path) {
  const auto& tokens = path.tokens();
  if (tokens.empty() || tokens.front() != "private" || tokens.size() <= 2) return path.text();
  return json::Pointer().child(tokens[0]).child(tokens[1]).text();
}

event::Event change_event(const store::Revision& revision) {
  std::set<std::string> paths;
  bool more = false;
  for (const store::Touch& touch : revision.touched) {
    if (paths.size() == kMostPaths) more = true;
    if (!more) paths.insert(told_path(touch.path));
  }
  json::Value data;
  data["revision"] = static_cast<std::int64_t>(revision.id);
  if (more) data["more"] = true;
  event::Event event{.type = "store.changed", .level = log::Level::debug, .target = "store"};
  event.paths.assign(paths.begin(), paths.end());
  event.data = json::write(data);
  event.key = "store";
  return event;
}

}  // namespace

Events::Events(std::size_t events, std::size_t lines)
    : ring({.events = events}),
      logs({.events = lines, .bytes = event::kLogLimits.bytes}),
      sinks(
          channels,
          [this](std::uint64_t connection) {
            if (wake_) wake_(connection);
          },
          [this](std::uint64_t connection, Milliseconds delay) {
            if (wake_later_) wake_later_(connection, delay);
          }) {}

Events::~Events() {
  close();
}

Result<> Events::number(event::Ring& ring_of,
                        const std::filesystem::path& path,
                        loop::OffloadPool& pool) {
  auto numbered = std::make_shared<Numbered>();
  TRY_ASSIGN(numbered->file, event::NumberFile::open(path));
  numbered->ring = &ring_of;
  ring_of.set_numbers(numbered->file->numbers(), [numbered, &pool](std::uint64_t last) {
    pool.submit([numbered, last] {
      if (const auto end = numbered->file->reserve(last)) numbered->ring->reserved(*end);
    });
  });
  numbered_.push_back(std::move(numbered));
  return {};
}

Result<> Events::open(const instance::Paths& paths, loop::OffloadPool& pool) {
  TRY(number(ring, paths.data / "events.seq", pool));
  TRY(number(logs, paths.data / "logs.seq", pool));
  log::observe([this](log::Level level,
                      std::string_view target,
                      std::string_view message,
                      std::span<const log::Field> fields) {
    event::publish_line(logs, level, target, message, fields, level < log::threshold());
  });
  return {};
}

void Events::watch(store::Store& store) {
  watch_ = store.watch(
      {}, [this](const store::RevisionPtr& revision) { ring.publish(change_event(*revision)); });
}

void Events::publish_reload(const json::Value& told) {
  const bool refused = told.find("error") != nullptr;
  if (!refused && !told.boolean_or("changed", true)) return;
  ring.publish({.type = refused ? "script.refused" : "script.reloaded",
                .level = refused ? log::Level::error : log::Level::info,
                .target = "script",
                .data = json::write(told)});
}

void Events::close() {
  watch_ = store::Watch();
  log::observe(nullptr);
  for (const auto& numbered : std::exchange(numbered_, {})) {
    numbered->ring->set_numbers({.last = numbered->ring->last_seq()}, nullptr);
    (void)numbered->file->close(numbered->ring->last_seq());
  }
}

}  // namespace engine::app
