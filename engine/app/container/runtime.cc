#include "app/container/runtime.hh"

#include "app/container/isolated_vm.hh"
#include "base/log.hh"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cstring>
#include <utility>

namespace engine::app {
namespace {

constexpr const char* kOwnProgram = "/proc/self/exe";

}  // namespace

Runtime::Runtime(const ContainerSettings& settings)
    : settings_(settings),
      log_(settings.log_file()),
      surroundings_{.loop = loop_,
                    .reaper = reaper_,
                    .groups = nullptr,
                    .log = &log_,
                    .leader = kOwnProgram,
                    .leader_argv = {"moon-container", "leader"},
                    .copy_argv = {"moon-container", "copy"}} {
  services_.add<bindings::ContainerHost>(*this);
  services_.add(surroundings_);
}

Runtime::~Runtime() {
  service_.reset();
  vm_.reset();
}

Result<std::unique_ptr<Runtime>> Runtime::start(const ContainerSettings& settings) {
  ::signal(SIGPIPE, SIG_IGN);
  std::unique_ptr<Runtime> runtime(new Runtime(settings));
  if (::getpid() == 1) {
    auto groups = ns::InnerCgroups::open(settings.cgroups);
    if (groups) {
      runtime->groups_ = std::move(*groups);
      runtime->surroundings_.groups = runtime->groups_.get();
      runtime->reaper_.after_each_turn([raw = runtime->groups_.get()] { raw->sweep(); });
    } else {
      log::warn("runtime", "no control groups: " + groups.error().message);
    }
  } else {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  }
  TRY_ASSIGN(
      runtime->vm_,
      RuntimeVm::create(runtime->loop_,
                        runtime->services_,
                        {.scripts = settings.scripts, .memory_limit = settings.memory_limit}));
  TRY_ASSIGN(runtime->service_,
             RuntimeService::open(runtime->loop_, *runtime->vm_, settings.service_socket()));
  runtime->idle_memory_ = std::make_unique<IdleMemory>(
      runtime->loop_, [vm = runtime->vm_.get()] { vm->collect_garbage(); });
  runtime->service_->on_request = [idle = runtime->idle_memory_.get()] { idle->touch(); };
  runtime->idle_memory_->touch();
  // A PID 1 is spared every signal it does not handle; SIGPWR is what liblxc sends by default.
  runtime->signals_ = std::unique_ptr<loop::SignalWatch>(new loop::SignalWatch(
      runtime->loop_, {SIGTERM, SIGPWR, SIGINT}, [raw = runtime.get()](int number) {
        raw->on_signal(number);
      }));
  return runtime;
}

int Runtime::run() {
  loop_.run();
  return status_;
}

void Runtime::on_signal(int number) {
  if (std::exchange(ending_, true)) return;
  log::info("runtime", std::string("stopping on ") + ::strsignal(number));
  vm_->run_hook("shutdown", [this](Result<> done) {
    if (!done) log::warn("runtime", done.error().message);
    exit(0);
  });
}

bindings::ContainerPaths Runtime::paths() const {
  return {.package = settings_.package,
          .media = settings_.media,
          .host_socket = settings_.host_socket()};
}

void Runtime::exit(int status) {
  ending_ = true;
  status_ = status;
  // The answer that asked for this is written first.
  loop_.post([this] { service_->drain([this](Result<>) { loop_.stop(); }); });
}

void Runtime::run_isolated(bindings::IsolatedRun run, Completion<std::string> done) {
  app::run_isolated(loop_, vm_->scripts(), std::move(run), std::move(done));
}

}  // namespace engine::app
