#include "app/daemon/daemon.hh"

#include "app/daemon/blocking_pool.hh"
#include "app/daemon/continuations.hh"
#include "app/daemon/daemon_facts.hh"
#include "app/daemon/debug_desk.hh"
#include "app/daemon/dispatcher.hh"
#include "app/daemon/door.hh"
#include "app/daemon/events.hh"
#include "app/daemon/failure_table.hh"
#include "app/daemon/host_metrics.hh"
#include "app/daemon/last_wall.hh"
#include "app/daemon/later_wakes.hh"
#include "app/daemon/ports.hh"
#include "app/daemon/scripts.hh"
#include "app/daemon/service_manager.hh"
#include "app/daemon/stored_jobs.hh"
#include "app/daemon/terminal.hh"
#include "app/modules.hh"
#include "base/file.hh"
#include "base/log.hh"
#include "loop/fd_watch.hh"
#include "loop/lease.hh"
#include "loop/offload.hh"
#include "net/connection_table.hh"
#include "script/state_table.hh"
#include "store/feeds.hh"
#include "store/store.hh"

#include <signal.h>
#include <unistd.h>

#include <optional>

namespace engine::app {
namespace {

constexpr Milliseconds kRetireTimeout{10'000};
constexpr Milliseconds kDrainTimeout{5'000};
constexpr Milliseconds kStopCeiling{30'000};
/// Of the thread that loads scripts: it has time, requests have not.
constexpr int kLoaderNiceness = 5;

}  // namespace

struct Daemon::Impl final : bindings::DaemonHost {
  Impl(const DaemonOptions& with, const instance::Lock& held, StartupReport& to)
      : options(with), lock(held), report(to) {}

  // --- bindings::DaemonHost: called on any script thread --------------------------------------

  json::Value info() override;
  json::Value methods(const std::string& context) override;
  void status(loop::Loop& back, Completion<json::Value> done) override;
  void reload(loop::Loop& back, Completion<json::Value> done) override;
  void rollback(loop::Loop& back, Completion<json::Value> done) override;
  json::Value files() override;
  std::string metrics_text() override;
  void check(loop::Loop& back, Completion<json::Value> done) override;
  void shutdown() override {
    control->loop().post([this] { stop("server.shutdown"); });
  }
  void restart() override {
    control->loop().post([this] {
      restarting = !stopping;
      stop("server.restart");
    });
  }
  void listen(loop::Loop& back, Listener listener, Completion<> done) override;
  void unlisten(loop::Loop& back, std::string path, Completion<> done) override;

  // --- the control loop -----------------------------------------------------------------------

  Result<> open_store();
  void follow_language();
  void wire_events();
  Result<> build();
  void load_scripts();
  void open_doors();
  void open_socket();
  void ready();
  void stop(std::string_view why);
  void stop_serving();
  void finish(Result<> with);
  void on_signal(int number);
  void write_pid_file() const;

  DaemonOptions options;
  const instance::Lock& lock;
  StartupReport& report;
  StartTime started;
  script::Services services;
  loop::LeaseTable leases;
  script::StateTable states{options.paths.marks()};
  net::ConnectionTable connections;
  Continuations continuations;
  FailureTable failures;
  Events events{options.settings.kept_events, options.settings.kept_lines};
  std::unique_ptr<StoredJobs> stored_jobs;  ///< outlives the thread that commits
  std::unique_ptr<store::Store> document;
  std::unique_ptr<store::Feeds> feeds;
  std::unique_ptr<Dispatcher> dispatcher;  ///< outlives the VMs, whose calls end at the latest then
  store::Watch language;
  std::unique_ptr<ScriptLoop> control;
  std::vector<std::unique_ptr<ScriptLoop>> workers;
  std::unique_ptr<BlockingPool> blocking;
  std::unique_ptr<loop::OffloadPool> offload;
  /// The one thread that makes generations and their VMs, and closes them.
  std::unique_ptr<loop::OffloadPool> loader;
  Tracer tracer;
  std::unique_ptr<DebugDesk> debug;
  std::unique_ptr<Doors> doors;
  std::unique_ptr<LaterWakes> later_wakes;
  std::unique_ptr<Scripts> scripts;
  std::unique_ptr<loop::SignalWatch> signals;
  std::unique_ptr<ServiceManager> manager;
  std::unique_ptr<loop::Timer> ceiling;
  std::unique_ptr<loop::Timer> step;
  std::optional<Result<>> outcome;
  std::optional<Error> fault;
  bool stopping = false;
  bool restarting = false;  ///< the stop is the first half of a restart
};

Daemon::Daemon(const DaemonOptions& options, const instance::Lock& lock, StartupReport& report)
    : impl_(std::make_unique<Impl>(options, lock, report)) {}
Daemon::~Daemon() = default;

const std::optional<Error>& Daemon::fault() const {
  return impl_->fault;
}

bool Daemon::wants_restart() const {
  return impl_->restarting;
}

Result<> Daemon::Impl::open_store() {
  report.phase("store");
  if (options.scripts_fault) return fail(fault.emplace(*options.scripts_fault));
  auto opened = app::open_store(options);
  if (!opened) return fail(fault.emplace(std::move(opened).error()));
  document = std::move(*opened);
  services.add<store::Store>(*document);
  feeds = std::make_unique<store::Feeds>(*document);
  services.add<store::Feeds>(*feeds);
  services.add<event::Ring>(events.ring);
  services.add<event::Channels>(events.channels);
  services.add<event::JobTable>(events.jobs);
  services.add<event::ConnectionSinks>(events.sinks);
  events.watch(*document);
  return {};
}

/// The language set in the store is that of callers who name none, from the next call on.
void Daemon::Impl::follow_language() {
  const auto place = json::Pointer::parse("/public/serverInfo/language");
  const auto read = [this, place = *place] {
    const auto snapshot = document->peek();
    if (!snapshot) return;
    const auto found = snapshot->get(place);
    const bool is_set = found && *found && (*found)->is_string();
    dispatcher->default_locale.set(is_set ? *(*found)->string() : "");
  };
  language = document->watch(*place, [read](const store::RevisionPtr&) { read(); });
  read();
}

/// What is to be told reaches the ring, and those who follow it.
void Daemon::Impl::wire_events() {
  dispatcher->on_deprecated = [this](const rpc::Method& method) {
    events.ring.publish({.type = "rpc.deprecated",
                         .level = log::Level::warn,
                         .target = "rpc",
                         .data = json::write(json::Object{{"method", method.wire}})});
  };
  later_wakes = std::make_unique<LaterWakes>(
      control->loop(), [this](std::uint64_t connection) { doors->wake(connection); });
  events.on_wake([this](std::uint64_t connection) { doors->wake(connection); },
                 [this](std::uint64_t connection, Milliseconds delay) {
                   later_wakes->add(connection, delay);
                 });
}

Result<> Daemon::Impl::build() {
  TRY(open_store());
  report.phase("threads");
  const std::size_t memory = options.settings.script_memory << 20U;
  control = std::make_unique<ScriptLoop>("control", services, host_modules(), memory);
  offload = std::make_unique<loop::OffloadPool>(options.offload_threads);
  loader = std::make_unique<loop::OffloadPool>(1, kLoaderNiceness);
  TRY(events.open(options.paths, *offload));
  stored_jobs = std::make_unique<StoredJobs>(*document, events.jobs);
  services.add<loop::OffloadPool>(*offload);
  services.add<loop::LeaseTable>(leases);
  services.add<script::StateTable>(states);
  services.add<net::ConnectionTable>(connections);
  services.add<bindings::ContinuationHost>(continuations);
  services.add<bindings::DaemonHost>(*this);
  services.add<Tracer>(tracer);
  for (std::size_t i = 0; i < options.settings.workers; ++i) {
    workers.push_back(std::make_unique<ScriptLoop>(
        "worker-" + std::to_string(i + 1), services, host_modules(), memory));
  }
  std::vector<ScriptLoop*> all;
  for (const auto& worker : workers) {
    worker->close_old_on(*loader);
    all.push_back(worker.get());
  }
  control->close_old_on(*loader);
  blocking = std::make_unique<BlockingPool>(
      options.blocking_threads, services, host_modules(), memory, options.settings.limits.waiting);
  debug = std::make_unique<DebugDesk>(DebugDesk::Loops{*control, all, *blocking}, tracer);
  services.add<bindings::DebugHost>(*debug);
  dispatcher = std::make_unique<Dispatcher>(
      *control,
      *blocking,
      failures,
      Dispatcher::Settings{.limits = options.settings.limits, .instance = options.paths.instance});
  follow_language();
  doors = std::make_unique<Doors>(control->loop(),
                                  DeskShared{.dispatcher = *dispatcher,
                                             .connections = connections,
                                             .sinks = events.sinks,
                                             .continuations = continuations,
                                             .context = "RpcContext"},
                                  all);
  wire_events();
  scripts = std::make_unique<Scripts>(
      Scripts::Options{.overlay = options.paths.overlay(), .shipped = options.scripts},
      Scripts::Loops{*control, all},
      *offload,
      *loader,
      services,
      host_modules());
  scripts->on_report = [this](const json::Value& told) { events.publish_reload(told); };
  scripts->on_files_changed = [this](const auto& changed) { failures.forget(changed); };
  scripts->on_swapped = [this](std::uint64_t id) { blocking->retire_before(id); };
  for (ScriptLoop* worker : all)
    worker->start_thread();
  return {};
}

void Daemon::Impl::load_scripts() {
  report.phase("scripts");
  scripts->reload([this](const Result<json::Value>& loaded) {
    if (stopping) return;
    if (!loaded) return finish(fail(fault.emplace(loaded.error())));
    report.phase("ports");
    if (auto opened = open_ports(*doors, options.settings, options.paths.tls()); !opened) {
      return finish(std::move(opened));
    }
    ready();
  });
}

void Daemon::Impl::open_doors() {
  doors->start([this](const Result<>& opened) {
    if (!opened) return finish(fail(opened.error()));
    open_socket();
  });
}

/// The socket is open before the scripts are loaded: whoever asks for `state` hears `initializing`.
void Daemon::Impl::open_socket() {
  report.phase("socket");
  doors->open({.path = options.paths.socket.string(),
               .context = "RpcContext",
               .attributes = {},
               .uid = ::geteuid(),
               .gid = ::getegid()},
              workers.size(),
              [this](const Result<>& opened) {
                if (!opened) return finish(fail(opened.error()));
                load_scripts();
              });
}

void Daemon::Impl::ready() {
  if (auto watched = scripts->watch(); !watched) {
    log::warn("script", "changed scripts are not noticed: " + watched.error().message);
  }
  write_pid_file();
  log::info("daemon",
            "ready",
            {{"pid", std::to_string(::getpid())}, {"socket", options.paths.socket.string()}});
  events.ring.publish({.type = "daemon.ready", .target = "daemon"});
  stored_jobs->announce();
  arm_last_wall(options.command, 0);
  manager->ready("serving");
  report.ready();
}

void Daemon::Impl::write_pid_file() const {
  const auto written =
      write_file_atomic(options.paths.pid, std::to_string(::getpid()) + "\n", 0600);
  if (!written) log::warn("daemon", written.error().message);
}

void Daemon::Impl::on_signal(int number) {
  switch (number) {
    case SIGHUP:
      if (options.ends_with_terminal && !has_terminal()) return stop("hang-up");
      if (!stopping) scripts->reload([](const Result<json::Value>&) {});
      return;
    case SIGUSR1:
      (void)log::reopen();
      return;
    default:
      if (stopping) return finish(fail(Errc::unclean_stop, "told twice to stop"));
      return stop("signal");
  }
}

/// In order: no more calls are taken, calls in flight are answered, the services are handed over
/// (containers stay), then the loops end.
void Daemon::Impl::stop(std::string_view why) {
  if (std::exchange(stopping, true)) return;
  log::info("daemon", "stopping", {{"why", why}});
  events.ring.publish({.type = "daemon.stopping", .target = "daemon"});
  manager->stopping();
  scripts->stop();
  ceiling->start(kStopCeiling,
                 [this] { finish(fail(Errc::unclean_stop, "the stop took longer than 30 s")); });
  auto once = std::make_shared<bool>(false);
  auto next = [this, once] {
    if (!std::exchange(*once, true)) stop_serving();
  };
  step->start(kDrainTimeout, next);
  feeds->close();
  doors->drain([next](const Result<>&) { next(); });
}

void Daemon::Impl::stop_serving() {
  auto once = std::make_shared<bool>(false);
  auto next = [this, once] {
    if (!std::exchange(*once, true)) finish({});
  };
  step->start(kRetireTimeout, next);
  const auto& generation = scripts->current();
  control->spawn_hook(
      generation ? generation->package.control : "", "retire", kRetireTimeout, next);
}

void Daemon::Impl::finish(Result<> with) {
  if (!outcome) outcome = std::move(with);
  control->loop().stop();
}

Result<> Daemon::run() {
  Impl& self = *impl_;
  TRY(self.build());
  loop::Loop& loop = self.control->loop();
  self.ceiling = std::make_unique<loop::Timer>(loop);
  self.step = std::make_unique<loop::Timer>(loop);
  self.manager = std::make_unique<ServiceManager>(loop);
  self.signals = std::make_unique<loop::SignalWatch>(
      loop, std::initializer_list<int>{SIGTERM, SIGINT, SIGHUP, SIGUSR1}, [&self](int number) {
        self.on_signal(number);
      });
  loop.post([&self] { self.open_doors(); });
  loop.run();
  // What runs still is cut short, and is not to be taken for ended.
  self.stored_jobs->close();
  // Threads first, so that nothing runs while what they use is taken down.
  for (auto& worker : self.workers)
    worker->stop_thread();
  self.loader.reset();
  self.continuations.clear();
  self.blocking->stop();
  self.events.on_wake(nullptr, nullptr);
  self.later_wakes.reset();
  self.doors.reset();
  self.blocking.reset();
  self.control->close();
  self.events.close();
  self.offload.reset();
  // What all of these ask for generations, and what waited for one.
  self.scripts.reset();
  self.language = {};
  self.feeds.reset();
  self.document.reset();
  ::unlink(self.options.paths.pid.c_str());
  log::info("daemon", "stopped");
  return *self.outcome;
}

// --- bindings::DaemonHost
// -------------------------------------------------------------------------

json::Value Daemon::Impl::info() {
  json::Value value = daemon_facts(options, lock, started);
  value["state"] = "running";
  if (const auto generation = scripts->published()) {
    value["generation"] = static_cast<std::int64_t>(generation->id);
  }
  value["listeners"] = doors->listeners();
  return value;
}

json::Value Daemon::Impl::methods(const std::string& context) {
  const auto generation = scripts->published();
  if (!generation) return json::Array{};
  return generation->description(context);
}

namespace {

/// A completion that runs on `back` whatever thread calls it.
template <typename T>
Completion<T> deliver(loop::Loop& back, Completion<T> done) {
  return [&back, done = std::move(done)](Result<T> result) mutable {
    back.post([result = std::move(result), done = std::move(done)]() mutable {
      done(std::move(result));
    });
  };
}

}  // namespace

void Daemon::Impl::status(loop::Loop& back, Completion<json::Value> done) {
  control->loop().post([this, done = deliver(back, std::move(done))]() mutable {
    json::Value value = scripts->status();
    value["failures"] = failures.summary();
    done(std::move(value));
  });
}

void Daemon::Impl::reload(loop::Loop& back, Completion<json::Value> done) {
  control->loop().post([this, done = deliver(back, std::move(done))]() mutable {
    scripts->reload(std::move(done));
  });
}

void Daemon::Impl::rollback(loop::Loop& back, Completion<json::Value> done) {
  control->loop().post([this, done = deliver(back, std::move(done))]() mutable {
    scripts->rollback(std::move(done));
  });
}

void Daemon::Impl::check(loop::Loop& back, Completion<json::Value> done) {
  offload->run<json::Value>(
      back,
      [this]() -> Result<json::Value> {
        LoadReport load;
        TRY(load_generation({.id = 0,
                             .overlay = options.paths.overlay(),
                             .shipped = options.scripts,
                             .before = scripts->published()},
                            services,
                            host_modules(),
                            load));
        json::Value told;
        told["starts"] = true;
        return told;
      },
      std::move(done));
}

std::string Daemon::Impl::metrics_text() {
  std::string out;
  dispatcher->metrics().write(out);
  const std::vector<ScriptLoop*> pool = blocking->loops();
  std::vector<const ScriptLoop*> loops(pool.begin(), pool.end());
  loops.push_back(control.get());
  for (const auto& worker : workers)
    loops.push_back(worker.get());
  write_process_metrics(out);
  write_script_metrics(out, loops, *scripts);
  if (auto stats = document->stats()) write_store_metrics(out, *stats);
  write_connection_metrics(out, connections.list());
  return out;
}

json::Value Daemon::Impl::files() {
  const auto generation = scripts->published();
  return generation ? Scripts::files(*generation, options.paths.overlay()) : json::Array{};
}

void Daemon::Impl::listen(loop::Loop& back, Listener listener, Completion<> done) {
  control->loop().post(
      [this, listener = std::move(listener), done = deliver(back, std::move(done))]() mutable {
        doors->open(std::move(listener), 1, std::move(done));
      });
}

void Daemon::Impl::unlisten(loop::Loop& back, std::string path, Completion<> done) {
  control->loop().post(
      [this, path = std::move(path), done = deliver(back, std::move(done))]() mutable {
        doors->close(path, std::move(done));
      });
}

}  // namespace engine::app
