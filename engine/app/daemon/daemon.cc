#include "app/daemon/daemon.hh"

#include "app/daemon/blocking_pool.hh"
#include "app/daemon/dispatcher.hh"
#include "app/daemon/door.hh"
#include "app/daemon/events.hh"
#include "app/daemon/failure_table.hh"
#include "app/daemon/ports.hh"
#include "app/daemon/scripts.hh"
#include "app/modules.hh"
#include "app/version.hh"
#include "base/file.hh"
#include "base/log.hh"
#include "loop/fd_watch.hh"
#include "loop/lease.hh"
#include "loop/offload.hh"
#include "net/connection_table.hh"
#include "script/guard.hh"
#include "script/state_table.hh"
#include "store/store.hh"

#include "launcher/store_check.hh"
#include <signal.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <optional>

namespace engine::app {
namespace {

constexpr Milliseconds kRetireTimeout{10'000};
constexpr Milliseconds kDrainTimeout{5'000};
constexpr Milliseconds kStopCeiling{30'000};

}  // namespace

struct Daemon::Impl final : bindings::DaemonHost {
  Impl(const DaemonOptions& with, InstanceLock held, StartupReport& to)
      : options(with), lock(std::move(held)), report(to) {}

  // --- bindings::DaemonHost: called on any script thread --------------------------------------

  json::Value info() override;
  json::Value methods(const std::string& context) override;
  void status(loop::Loop& back, Completion<json::Value> done) override;
  void reload(loop::Loop& back, Completion<json::Value> done) override;
  void rollback(loop::Loop& back, Completion<json::Value> done) override;
  json::Value files() override;
  void shutdown() override {
    control->loop().post([this] { stop("server.shutdown"); });
  }
  void listen(loop::Loop& back, Listener listener, Completion<> done) override;
  void unlisten(loop::Loop& back, std::string path, Completion<> done) override;

  // --- the control loop -----------------------------------------------------------------------

  Result<> open_store();
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
  InstanceLock lock;
  StartupReport& report;
  TimePoint started = Clock::now();
  script::Services services;
  loop::LeaseTable leases;
  script::StateTable states;
  net::ConnectionTable connections;
  FailureTable failures;
  Events events;
  std::unique_ptr<store::Store> document;
  std::unique_ptr<Dispatcher> dispatcher;  ///< outlives the VMs, whose calls end at the latest then
  std::unique_ptr<ScriptLoop> control;
  std::vector<std::unique_ptr<ScriptLoop>> workers;
  std::unique_ptr<BlockingPool> blocking;
  std::unique_ptr<loop::OffloadPool> offload;
  std::unique_ptr<Doors> doors;
  std::unique_ptr<Scripts> scripts;
  std::unique_ptr<loop::SignalWatch> signals;
  std::unique_ptr<loop::Timer> ceiling;
  std::unique_ptr<loop::Timer> step;
  std::optional<Result<>> outcome;
  bool stopping = false;
};

Daemon::Daemon(const DaemonOptions& options, InstanceLock lock, StartupReport& report)
    : impl_(std::make_unique<Impl>(options, std::move(lock), report)) {}
Daemon::~Daemon() = default;

json::Value first_document() {
  json::Value value;
  value["public"]["serverInfo"]["version"] = kVersion;
  value["public"]["packageData"] = json::Object{};
  value["public"]["ui"] = json::Object{};
  value["private"]["packages"] = json::Object{};
  return value;
}

/// A store that was not closed is read to its last page before anything is written.
Result<> check_after_crash(const std::filesystem::path& directory) {
  if (!store::Store::is_unclean(directory)) return {};
  log::warn("store", "the last daemon did not close the store; checking it", {});
  TRY_ASSIGN(const json::Value found, launcher::check_store(directory));
  log::info("store", "the store is in order", {{"report", json::write(found)}});
  return {};
}

Result<> Daemon::Impl::open_store() {
  report.phase("store");
  const auto directory = options.paths.data / "store";
  const Result<> checked = check_after_crash(directory);
  auto opened = checked ? store::Store::open(directory, {.initial = first_document()})
                        : fail(checked.error());
  if (!opened) {
    Error error = std::move(opened).error();
    error.code = Errc::data_dir_unusable;
    return fail(std::move(error));
  }
  document = std::move(*opened);
  services.add<store::Store>(*document);
  services.add<event::Ring>(events.ring);
  services.add<event::Channels>(events.channels);
  services.add<event::JobTable>(events.jobs);
  services.add<event::ConnectionSinks>(events.sinks);
  events.watch(*document);
  return {};
}

Result<> Daemon::Impl::build() {
  TRY(open_store());
  report.phase("threads");
  control = std::make_unique<ScriptLoop>("control", services, host_modules());
  offload = std::make_unique<loop::OffloadPool>(options.offload_threads);
  TRY(events.open(options.paths, *offload));
  services.add<loop::OffloadPool>(*offload);
  services.add<loop::LeaseTable>(leases);
  services.add<script::StateTable>(states);
  services.add<net::ConnectionTable>(connections);
  services.add<bindings::DaemonHost>(*this);
  for (std::size_t i = 0; i < options.settings.workers; ++i) {
    workers.push_back(
        std::make_unique<ScriptLoop>("worker-" + std::to_string(i + 1), services, host_modules()));
  }
  std::vector<ScriptLoop*> all;
  for (const auto& worker : workers)
    all.push_back(worker.get());
  blocking = std::make_unique<BlockingPool>(options.blocking_threads, services, host_modules());
  dispatcher = std::make_unique<Dispatcher>(
      *control,
      *blocking,
      failures,
      Dispatcher::Settings{.limits = options.settings.limits, .instance = options.paths.instance});
  dispatcher->on_deprecated = [this](const rpc::Method& method) {
    events.ring.publish({.type = "rpc.deprecated",
                         .level = log::Level::warn,
                         .target = "rpc",
                         .data = json::write(json::Object{{"method", method.wire}})});
  };
  doors = std::make_unique<Doors>(control->loop(), *dispatcher, connections, events.sinks, all);
  events.on_wake([this](std::uint64_t connection) { doors->wake(connection); });
  scripts = std::make_unique<Scripts>(
      Scripts::Options{.overlay = options.paths.overlay(), .shipped = options.scripts},
      Scripts::Loops{*control, all},
      *offload,
      services,
      host_modules());
  scripts->on_report = [this](const json::Value& told) { events.publish_reload(told); };
  scripts->on_files_changed = [this](const auto& changed) { failures.forget(changed); };
  for (ScriptLoop* worker : all)
    worker->start_thread();
  return {};
}

void Daemon::Impl::load_scripts() {
  report.phase("scripts");
  scripts->reload([this](const Result<json::Value>& loaded) {
    if (!loaded) return finish(fail(loaded.error()));
    open_doors();
  });
}

void Daemon::Impl::open_doors() {
  report.phase("ports");
  doors->start([this](Result<> opened) {
    if (opened) opened = open_ports(*doors, options.settings, options.paths.tls());
    if (!opened) return finish(fail(opened.error()));
    open_socket();
  });
}

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
                ready();
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
      return scripts->reload([](const Result<json::Value>&) {});
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
  ceiling->start(kStopCeiling,
                 [this] { finish(fail(Errc::unclean_stop, "the stop took longer than 30 s")); });
  auto once = std::make_shared<bool>(false);
  auto next = [this, once] {
    if (!std::exchange(*once, true)) stop_serving();
  };
  step->start(kDrainTimeout, next);
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
  self.signals = std::make_unique<loop::SignalWatch>(
      loop, std::initializer_list<int>{SIGTERM, SIGINT, SIGHUP, SIGUSR1}, [&self](int number) {
        self.on_signal(number);
      });
  loop.post([&self] { self.load_scripts(); });
  loop.run();
  // Threads first, so that nothing runs while what they use is taken down.
  self.scripts.reset();
  for (auto& worker : self.workers)
    worker->stop_thread();
  self.blocking.reset();
  self.events.on_wake(nullptr);
  self.doors.reset();
  self.control->close();
  self.events.close();
  self.offload.reset();
  self.document.reset();
  ::unlink(self.options.paths.pid.c_str());
  log::info("daemon", "stopped");
  return *self.outcome;
}

// --- bindings::DaemonHost
// -------------------------------------------------------------------------

json::Value Daemon::Impl::info() {
  json::Value value;
  value["name"] = "moonbox";
  value["version"] = kVersion;
  value["gitInfo"] = kGitInfo;
  value["instance"] = options.paths.instance;
  value["instanceId"] = lock.record().instance_id;
  value["dataDir"] = options.paths.data.string();
  value["socket"] = options.paths.socket.string();
  value["listeners"] = doors->listeners();
  value["limits"] = limits_to_json(options.settings.limits);
  value["pid"] = static_cast<std::int64_t>(::getpid());
  value["uid"] = static_cast<std::int64_t>(::geteuid());
  value["uptime"] = std::chrono::duration<double>(Clock::now() - started).count();
  value["workers"] = static_cast<std::int64_t>(workers.size());
  utsname machine{};
  ::uname(&machine);
  value["arch"] = std::string_view(machine.machine);
  value["kernel"] = std::string_view(machine.release);
  value["hostname"] = std::string_view(machine.nodename);
  value["guard"] = script::Guard::stops_compiled_code() ? "jit" : "interpreter";
  value["shippedScripts"] = options.scripts.string();
  value["scriptManifest"] = (options.scripts.parent_path() / "package.lua").string();
  value["moonContainer"] = (executable_path().parent_path() / "moon-container").string();
  return value;
}

json::Value Daemon::Impl::methods(const std::string& context) {
  const auto generation = scripts->published();
  if (!generation) return json::Array{};
  const auto found = generation->descriptions.find(context);
  return found == generation->descriptions.end() ? json::Value(json::Array{}) : found->second;
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
