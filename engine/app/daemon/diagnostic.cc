#include "app/daemon/diagnostic.hh"

#include "app/daemon/blocking_pool.hh"
#include "app/daemon/daemon_facts.hh"
#include "app/daemon/dispatcher.hh"
#include "app/daemon/door.hh"
#include "app/daemon/events.hh"
#include "app/daemon/failure_table.hh"
#include "app/daemon/scripts.hh"
#include "app/daemon/service_manager.hh"
#include "app/daemon/terminal.hh"
#include "app/embedded.hh"
#include "app/modules.hh"
#include "base/file.hh"
#include "base/log.hh"
#include "loop/fd_watch.hh"
#include "loop/offload.hh"
#include "net/connection_table.hh"
#include "script/state_table.hh"
#include "store/store.hh"

#include <signal.h>
#include <unistd.h>

namespace engine::app {
namespace {

constexpr Milliseconds kDrainTimeout{5'000};
constexpr const char* kContext = "DiagnosticContext";
constexpr const char* kWhy = "the daemon is in diagnostic mode; moon-cli daemon status says why";

tl::unexpected<Error> not_here() {
  return fail(Error{.code = Errc::uninitialized,
                    .message = "the daemon is in diagnostic mode",
                    .hint = "moon-cli daemon status says why"});
}

}  // namespace

struct Diagnostic::Impl final : bindings::DaemonHost {
  Impl(const DaemonOptions& with, const instance::Lock& held, StartupReport& to, Error why)
      : options(with), lock(held), report(to), fault(std::move(why)) {}

  // --- bindings::DaemonHost: called on any script thread --------------------------------------

  json::Value info() override;
  json::Value methods(const std::string&) override { return generation->description(kContext); }
  json::Value files() override { return json::Array{}; }
  void status(loop::Loop& back, Completion<json::Value> done) override;
  void check(loop::Loop& back, Completion<json::Value> done) override;
  void reload(loop::Loop& back, Completion<json::Value> done) override;
  void rollback(loop::Loop& back, Completion<json::Value> done) override {
    back.post([done = std::move(done)]() mutable { done(not_here()); });
  }
  void shutdown() override {
    control.loop().post([this] { stop(false); });
  }
  void restart() override {
    control.loop().post([this] { stop(true); });
  }
  void listen(loop::Loop& back, Listener, Completion<> done) override {
    back.post([done = std::move(done)]() mutable { done(not_here()); });
  }
  void unlisten(loop::Loop& back, std::string, Completion<> done) override {
    back.post([done = std::move(done)]() mutable { done(not_here()); });
  }

  // --- the control loop -----------------------------------------------------------------------

  Result<> prepare();
  void open_doors();
  void open_socket();
  void give_up(const Error& why);
  Result<json::Value> try_start() const;
  void stop(bool try_again);

  const DaemonOptions& options;
  const instance::Lock& lock;
  StartupReport& report;
  Error fault;
  StartTime started;
  script::Services services;
  script::StateTable states;
  net::ConnectionTable connections;
  FailureTable failures;
  ScriptLoop control{"control", services, host_modules()};
  ScriptLoop worker{"worker-1", services, host_modules()};
  BlockingPool blocking{1, services, host_modules()};
  Dispatcher dispatcher{
      control,
      blocking,
      failures,
      {.limits = options.settings.limits, .instance = options.paths.instance, .absence = kWhy}};
  Events events{options.settings.kept_events, options.settings.kept_lines};
  Continuations continuations;
  Doors doors{control.loop(),
              DeskShared{.dispatcher = dispatcher,
                         .connections = connections,
                         .sinks = events.sinks,
                         .continuations = continuations,
                         .context = kContext},
              {&worker}};
  loop::Timer ceiling{control.loop()};
  ServiceManager manager{control.loop()};
  loop::OffloadPool offload{2};
  std::shared_ptr<const Generation> generation;
  Result<bool> outcome = false;
  bool stopping = false;
};

Diagnostic::Diagnostic(const DaemonOptions& options,
                       const instance::Lock& lock,
                       StartupReport& report,
                       Error fault)
    : impl_(std::make_unique<Impl>(options, lock, report, std::move(fault))) {}
Diagnostic::~Diagnostic() = default;

Result<> Diagnostic::Impl::prepare() {
  services.add<loop::OffloadPool>(offload);
  services.add<script::StateTable>(states);
  services.add<net::ConnectionTable>(connections);
  services.add<bindings::DaemonHost>(*this);
  TRY_ASSIGN(
      generation,
      load_embedded(embedded_scripts(), {{kContext, "diagnostic"}}, services, host_modules()));
  TRY(control.ensure(generation));
  return {};
}

void Diagnostic::Impl::give_up(const Error& why) {
  outcome = fail(why);
  control.loop().stop();
}

void Diagnostic::Impl::open_doors() {
  doors.start([this](const Result<>& opened) {
    if (!opened) return give_up(opened.error());
    open_socket();
  });
}

void Diagnostic::Impl::open_socket() {
  doors.open({.path = options.paths.socket.string(),
              .context = kContext,
              .attributes = {},
              .uid = ::geteuid(),
              .gid = ::getegid()},
             1,
             [this](const Result<>& opened) {
               if (!opened) return give_up(opened.error());
               const std::string pid = std::to_string(::getpid()) + "\n";
               if (auto written = write_file_atomic(options.paths.pid, pid, 0600); !written) {
                 log::warn("daemon", written.error().message);
               }
               log::error("daemon",
                          "in diagnostic mode: " + fault.message,
                          {{"hint", fault.hint}, {"detail", fault.info}});
               manager.ready("in diagnostic mode: " + fault.message);
               report.degraded(fault);
             });
}

Result<bool> Diagnostic::run() {
  Impl& self = *impl_;
  TRY(self.prepare());
  loop::Loop& loop = self.control.loop();
  const loop::SignalWatch signals(loop, {SIGTERM, SIGINT, SIGHUP, SIGUSR1}, [&self](int number) {
    if (number == SIGUSR1) return static_cast<void>(log::reopen());
    const bool hung_up = self.options.ends_with_terminal && !has_terminal();
    self.stop(number == SIGHUP && !hung_up);
  });
  self.worker.start_thread();
  self.worker.loop().post([&self, &loop] {
    Result<> ready = self.worker.ensure(self.generation);
    loop.post([&self, ready = std::move(ready)] {
      if (ready) return self.open_doors();
      self.give_up(ready.error());
    });
  });
  loop.run();
  self.worker.stop_thread();
  self.control.close();
  ::unlink(self.options.paths.pid.c_str());
  return self.outcome;
}

void Diagnostic::Impl::stop(bool try_again) {
  if (std::exchange(stopping, true)) return;
  outcome = try_again;
  ceiling.start(kDrainTimeout, [this] { control.loop().stop(); });
  doors.drain([this](const Result<>&) { control.loop().stop(); });
}

/// What the start needs, opened and let go again.
Result<json::Value> Diagnostic::Impl::try_start() const {
  DaemonOptions now = options;
  if (now.scripts_fault) {
    TRY_ASSIGN(now.scripts, instance::find_scripts(std::nullopt));
  }
  LoadReport load;
  TRY(load_generation({.id = 1, .overlay = {}, .shipped = now.scripts, .before = nullptr},
                      services,
                      host_modules(),
                      load));
  TRY(open_store(now, true));
  json::Value told;
  told["starts"] = true;
  return told;
}

void Diagnostic::Impl::check(loop::Loop& back, Completion<json::Value> done) {
  offload.run<json::Value>(
      back, [this] { return try_start(); }, std::move(done));
}

void Diagnostic::Impl::reload(loop::Loop& back, Completion<json::Value> done) {
  check(back, [this, done = std::move(done)](Result<json::Value> told) mutable {
    const bool starts = told.has_value();
    done(std::move(told));
    if (starts) control.loop().post([this] { stop(true); });
  });
}

void Diagnostic::Impl::status(loop::Loop& back, Completion<json::Value> done) {
  json::Value value;
  value["generation"] = json::Value();
  value["state"] = "error";
  value["error"] = describe_load_error(fault);
  value["failures"] = failures.summary();
  back.post(
      [value = std::move(value), done = std::move(done)]() mutable { done(std::move(value)); });
}

json::Value Diagnostic::Impl::info() {
  json::Value value = daemon_facts(options, lock, started);
  value["state"] = "error";
  value["fault"] = describe_fault(fault);
  return value;
}

}  // namespace engine::app
