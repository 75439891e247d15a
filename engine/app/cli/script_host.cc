#include "app/cli/script_host.hh"

#include "app/embedded.hh"
#include "app/modules.hh"
#include "base/defer.hh"
#include "loop/fd_watch.hh"
#include "script/convert.hh"

#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

namespace engine::app {
namespace {

/// Commands that follow something run until they are interrupted.
constexpr script::Limits kNoLimits{.deadline = std::chrono::hours(24 * 365),
                                   .slice = std::chrono::minutes(5)};
constexpr std::size_t kPoolThreads = 2;
constexpr std::string_view kRun =
    "local command = ...\n"
    "return require('core.cli_main').run(\n"
    "  command.path, command.params, command.globals, command.facts)";

script::Push one_value(const json::Value& value) {
  return [value](lua_State* state) {
    script::push_value(state, value);
    return 1;
  };
}

/// Becomes readable when nobody reads standard output any more; nothing where that cannot be, as
/// with a file. The output itself is not watched: that would make it non-blocking for all who have
/// it.
UniqueFd reader_gone() {
  UniqueFd watch(::epoll_create1(EPOLL_CLOEXEC));
  epoll_event event{};  // hang-up and errors are told without being asked for
  if (watch && ::epoll_ctl(watch.get(), EPOLL_CTL_ADD, STDOUT_FILENO, &event) != 0) watch.reset();
  return watch;
}

/// A command may be interrupted once in good order.
class Interrupt {
 public:
  Interrupt(loop::Loop& loop, script::Vm& vm, bindings::InterruptDesk& desk)
      : loop_(loop), vm_(vm), desk_(desk), signals_(loop, {SIGINT, SIGTERM}, [this](int number) {
          if (number == SIGINT && desk_.handler) return desk_.handler();
          if (desk_.signal != 0) std::_Exit(128 + number);
          cancel(number);
        }) {
    desk_.end_with_reader = [this] { end_with_reader(); };
  }
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  ~Interrupt() { desk_.end_with_reader = {}; }

  script::TaskId task;

 private:
  void cancel(int number) {
    desk_.signal = number;
    vm_.cancel(task);
  }

  void end_with_reader() {
    UniqueFd gone = reader_gone();
    if (!gone || reader_) return;
    reader_.emplace(loop_, std::move(gone));
    reader_->wait_readable([this](const Result<>& waited) {
      if (waited && desk_.signal == 0) cancel(SIGPIPE);
    });
  }

  loop::Loop& loop_;
  script::Vm& vm_;
  bindings::InterruptDesk& desk_;
  loop::SignalWatch signals_;
  std::optional<loop::FdWatch> reader_;
};

/// Most commands are over before garbage matters: the first collection waits for so much.
constexpr int kFirstCollection = 16 << 20;

void put_off_collection(lua_State* state) {
  const int percent = kFirstCollection / 1024 * 100 / std::max(lua_gc(state, LUA_GCCOUNT, 0), 1);
  const int usual = lua_gc(state, LUA_GCSETPAUSE, percent);
  lua_gc(state, LUA_GCRESTART, -1);  // by the pause
  lua_gc(state, LUA_GCSETPAUSE, usual);
}

}  // namespace

ScriptHost::ScriptHost() : loop_("cli"), pool_(kPoolThreads) {
  services_.add(pool_);
  services_.add<bindings::ScratchHost>(scratch_);
  services_.add(interrupts_);
}

Result<std::shared_ptr<const script::Snapshot>> ScriptHost::embedded() {
  return script::Snapshot::make(embedded_scripts());
}

Result<std::unique_ptr<ScriptHost>> ScriptHost::open(
    std::shared_ptr<const script::Snapshot> scripts) {
  std::unique_ptr<ScriptHost> host(new ScriptHost);
  TRY_ASSIGN(host->vm_,
             script::Vm::create(host->loop_,
                                host->services_,
                                host_modules(),
                                {.name = "cli", .scripts = std::move(scripts)}));
  put_off_collection(host->vm_->state());
  return host;
}

Result<json::Value> ScriptHost::describe(const json::Value& options) {
  TRY_ASSIGN(const script::Ref function,
             vm_->compile("return require('core.cli_main').describe(...)", "moon-cli"));
  Result<json::Value> tree = fail(Errc::internal, "core.cli_main gave no tree");
  vm_->call(function, one_value(options), {}, [&tree](const script::Outcome& outcome) {
    if (!outcome.status) {
      tree = fail(outcome.status.error());
    } else if (outcome.results > 0) {
      tree = script::to_value(outcome.state, -outcome.results);
    }
  });
  return tree;
}

Result<int> ScriptHost::run(const json::Value& invocation) {
  TRY_ASSIGN(const script::Ref function, vm_->compile(kRun, "moon-cli"));
  std::optional<Result<int>> status;
  Interrupt interrupt(loop_, *vm_, interrupts_);
  interrupt.task = vm_->spawn(
      function,
      one_value(invocation),
      kNoLimits,
      [this, &status](const script::Outcome& outcome) {
        if (!outcome.status) {
          status = fail(outcome.status.error());
        } else {
          status = static_cast<int>(lua_tointeger(outcome.state, -outcome.results));
        }
        loop_.stop();
      },
      "command");
  while (!status)
    loop_.run();
  return *status;
}

}  // namespace engine::app
