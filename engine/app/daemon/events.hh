#pragma once

#include "event/connection_sinks.hh"
#include "event/job_table.hh"
#include "event/number_file.hh"
#include "event/ring.hh"
#include "instance/paths.hh"
#include "json/value.hh"
#include "loop/offload.hh"
#include "store/store.hh"

#include <functional>
#include <memory>

namespace engine::app {

/// What happens in the daemon: its rings with numbers that outlive it, log lines and store changes
/// on their way into them, jobs, and the subscriptions of connections. Resource type; made before
/// whatever publishes and destroyed after it.
class Events {
 public:
  /// `events` and `lines`: how many of each are kept, within the bytes of the rings.
  Events(std::size_t events, std::size_t lines);
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;
  ~Events();

  /// Takes up the numbers of the last life; log lines are events from here on. `pool` reserves
  /// numbers and outlives the events between `open` and `close`.
  /// ERRORS: Errc::filesystem, Errc::corrupt.
  Result<> open(const instance::Paths& paths, loop::OffloadPool& pool);
  /// Every commit is an event "store.changed" until `close`.
  void watch(store::Store& store);
  /// Told of connections that have something to take; see event::PushingSinks.
  void on_wake(event::PushingSinks::Wake wake, event::PushingSinks::WakeLater wake_later) {
    wake_ = std::move(wake);
    wake_later_ = std::move(wake_later);
  }
  /// The report of a load of the scripts, done or refused.
  void publish_reload(const json::Value& told);
  /// Nothing is published any more; the numbers given are written down.
  void close();

  event::Ring ring;
  event::Ring logs;
  event::Channels channels{.events = ring, .logs = logs};
  event::JobTable jobs{ring};
  event::PushingSinks sinks;

 private:
  struct Numbered {
    std::unique_ptr<event::NumberFile> file;
    event::Ring* ring;
  };
  Result<> number(event::Ring& ring, const std::filesystem::path& path, loop::OffloadPool& pool);

  event::PushingSinks::Wake wake_;
  event::PushingSinks::WakeLater wake_later_;
  std::vector<std::shared_ptr<Numbered>> numbered_;
  store::Watch watch_;
};

}  // namespace engine::app
