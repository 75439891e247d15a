#include "script/guard.hh"

#include "script/convert.hh"
#include "script/traceback.hh"

#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <vector>

namespace engine::script {
namespace {

using Nanoseconds = std::int64_t;  // of CLOCK_MONOTONIC, which is what Clock reads

constexpr Nanoseconds kNever = INT64_MAX;
/// While an entry is overdue the handler comes back this often: should a hook get lost because the
/// signal fell into LuaJIT's own change of its dispatch table, the next one sets it again.
constexpr Nanoseconds kAgain = 10'000'000;

std::atomic<Nanoseconds> hard_grace{std::chrono::nanoseconds(Guard::kHardGrace).count()};

}  // namespace

struct Guard::Stopper::Impl {
  std::mutex mutex;
  std::vector<std::uint64_t> owners;  ///< to be stopped
  std::atomic<bool> any{false};       ///< owners is not empty
  pid_t thread = 0;                   ///< 0: none is bound

  bool wants(std::uint64_t owner) {
    const std::lock_guard lock(mutex);
    return std::ranges::find(owners, owner) != owners.end();
  }
};

namespace {

/// What one thread runs at the moment. Written by the thread, read by its own signal handler.
struct ThreadGuard {
  lua_State* volatile state = nullptr;
  volatile Nanoseconds deadline = kNever;
  volatile Nanoseconds armed = kNever;    ///< when the timer will fire
  lua_State* volatile hooked = nullptr;   ///< whose hook is set
  volatile Nanoseconds paused_total = 0;  ///< time spent in Pause scopes
  bool raised = false;                    ///< the timeout error lies in the registry
  volatile std::uint64_t owner = 0;       ///< of the innermost entry
  volatile bool stopped = false;          ///< it ends because its owner was stopped
  std::shared_ptr<Guard::Stopper::Impl> stopper;
  const std::atomic<bool>* volatile stops = nullptr;  ///< of stopper: somebody is to be stopped
  timer_t timer = {};
  bool has_timer = false;

  ~ThreadGuard() {
    if (has_timer) timer_delete(timer);
  }
};

ThreadGuard& here() {
  static thread_local ThreadGuard guard;
  return guard;
}

/// The handler must not run the initialisation of a thread-local.
thread_local ThreadGuard* current = nullptr;

int guard_signal() {
  return SIGRTMIN + 2;
}

Nanoseconds now() {
  timespec at{};
  clock_gettime(CLOCK_MONOTONIC, &at);
  return static_cast<Nanoseconds>(at.tv_sec) * 1'000'000'000 + at.tv_nsec;
}

Nanoseconds to_nanoseconds(TimePoint at) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count();
}

void arm(ThreadGuard& guard, Nanoseconds at) {
  guard.armed = at;
  itimerspec when{};
  when.it_value.tv_sec = at / 1'000'000'000;
  when.it_value.tv_nsec = at % 1'000'000'000;
  timer_settime(guard.timer, TIMER_ABSTIME, &when, nullptr);
}

/// The registry field with the error of the entry that is being stopped.
constexpr const char* kTimeout = "engine.timeout";

void push_timeout(lua_State* state, lua_Debug* frame) {
  if (here().stopped) {
    push_error(state, {.code = Errc::cancelled, .message = "the caller has gone"});
    return;
  }
  lua_getinfo(state, "Sl", frame);
  std::string message = frame->currentline > 0 ? std::string(frame->short_src) + ':' +
                                                     std::to_string(frame->currentline) + ": "
                                               : std::string();
  message += "the script ran past its deadline";
  push_error(state, {.code = Errc::timeout, .message = message, .debug = traceback(state, 0)});
}

/// Async-signal-safe.
bool may_be_stopped(const ThreadGuard& guard) {
  const std::atomic<bool>* const stops = guard.stops;
  return stops != nullptr && guard.owner != 0 && !guard.stopped &&
         stops->load(std::memory_order_acquire);
}

/// If the entry's owner was stopped, it is past its deadline from now on.
bool take_stop(ThreadGuard& guard) {
  if (!may_be_stopped(guard) || !guard.stopper->wants(guard.owner)) return false;
  guard.stopped = true;
  guard.deadline = std::min(Nanoseconds{guard.deadline}, now());
  return true;
}

void arm(ThreadGuard& guard, Nanoseconds at);

void hook(lua_State* state, lua_Debug* frame) {
  ThreadGuard& guard = here();
  if (guard.hooked != nullptr && take_stop(guard)) arm(guard, now() + kAgain);
  if (guard.hooked == nullptr || guard.deadline > now()) {
    lua_sethook(state, nullptr, 0, 0);
    return;
  }
  // Thousands of nested pcalls may each want to be told: one error serves them all.
  if (guard.raised) {
    lua_getfield(state, LUA_REGISTRYINDEX, kTimeout);
  } else {
    push_timeout(state, frame);
    lua_pushvalue(state, -1);
    lua_setfield(state, LUA_REGISTRYINDEX, kTimeout);
    guard.raised = true;
  }
  lua_error(state);
}

/// The command line of a process that follows this one; empty when none does.
struct Command {
  std::vector<std::string> words;
  std::vector<char*> argv;
  Command* before;  ///< the one it took the place of
};

/// The one in force. None is ever freed, so that the signal handler may read it at any time.
std::atomic<Command*> replacement{nullptr};

/// A copy of this process that has its memory and ends by SIGABRT: the core, where cores are kept.
/// The bare system call: fork() would run handlers that are not async-signal-safe. Waits until the
/// copy is gone: it holds the locks of this process, and the next one must find them free.
void dump_core() {
  const auto copy = static_cast<pid_t>(::syscall(SYS_fork));
  if (copy != 0) {
    while (copy > 0 && ::waitpid(copy, nullptr, 0) < 0 && errno == EINTR) {
    }
    return;
  }
  ::signal(SIGABRT, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, nullptr);
  ::syscall(SYS_kill, ::getpid(), SIGABRT);
  ::_exit(1);
}

void say(const char* text) {
  std::size_t size = 0;
  while (text[size] != '\0')
    ++size;
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text, size);
}

/// Async-signal-safe. Descriptors close by themselves (O_CLOEXEC) and with them every lock.
[[noreturn]] void give_up() {
  say("moonbox: a script did not come back within the grace after its deadline; ");
  if (const Command* const command = replacement.load();
      command != nullptr && !command->words.empty()) {
    say("starting anew\n");
    dump_core();
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, nullptr);
    ::execve(command->argv[0], command->argv.data(), environ);
    say("moonbox: that failed; ");
  }
  say("aborting\n");
  std::abort();
}

void set_hook(ThreadGuard& guard) {
  guard.hooked = guard.state;
  // Off and on again, so that the dispatch table is written anew. No call hook: it would fire
  // for the message handler of a protected call too, and an error there loses the timeout.
  lua_sethook(guard.state, nullptr, 0, 0);
  lua_sethook(guard.state, hook, LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

/// Async-signal-safe: clock_gettime, timer_settime and lua_sethook, which stores a few words (the
/// stand-alone interpreter calls it from its signal handler as well).
void on_signal(int, siginfo_t*, void*) {
  const int saved = errno;
  if (ThreadGuard* const guard = current; guard != nullptr) {
    guard->armed = kNever;
    const Nanoseconds at = now();
    const bool asked = may_be_stopped(*guard);
    if (guard->state == nullptr || (guard->deadline == kNever && !asked)) {
      // Nothing runs; the next entry arms again.
    } else if (at < guard->deadline) {
      if (asked) set_hook(*guard);
      arm(*guard, asked ? std::min(Nanoseconds{guard->deadline}, at + kAgain) : guard->deadline);
    } else {
      if (at - guard->deadline > hard_grace.load(std::memory_order_relaxed)) give_up();
      set_hook(*guard);
      arm(*guard, at + kAgain);
    }
  }
  errno = saved;
}

void install_handler() {
  static const bool installed = [] {
    struct sigaction action {};
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(guard_signal(), &action, nullptr);
    // POSIX timers do not come along into a forked child.
    pthread_atfork(nullptr, nullptr, [] {
      here().has_timer = false;
      here().armed = kNever;
    });
    return true;
  }();
  static_cast<void>(installed);
}

void prepare_thread(ThreadGuard& guard) {
  if (guard.has_timer) return;
  install_handler();
  sigset_t ours;
  sigemptyset(&ours);
  sigaddset(&ours, guard_signal());
  pthread_sigmask(SIG_UNBLOCK, &ours, nullptr);
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = guard_signal();
  event._sigev_un._tid = static_cast<pid_t>(::syscall(SYS_gettid));
  guard.has_timer = timer_create(CLOCK_MONOTONIC, &event, &guard.timer) == 0;
  current = &guard;
}

/// Makes sure the timer fires no later than the deadline in force.
void arm_in_time(ThreadGuard& guard) {
  if (guard.state != nullptr && guard.deadline < guard.armed) arm(guard, guard.deadline);
}

}  // namespace

bool Guard::stops_compiled_code() {
  return MOONBOX_LUAJIT_CHECKHOOK != 0;
}

lua_State* Guard::running() {
  return current == nullptr ? nullptr : current->state;
}

void Guard::set_hard_grace(Milliseconds grace) {
  hard_grace = std::chrono::nanoseconds(grace).count();
}

void Guard::set_replacement(std::vector<std::string> argv) {
  auto* const next = new Command{.words = std::move(argv), .argv = {}, .before = replacement};
  for (std::string& each : next->words)
    next->argv.push_back(each.data());
  next->argv.push_back(nullptr);
  replacement = next;
}

Guard::Entry::Entry(lua_State* state, TimePoint deadline, std::uint64_t owner) {
  ThreadGuard& guard = here();
  prepare_thread(guard);
  const Nanoseconds outer = guard.deadline;
  outer_state_ = guard.state;
  outer_deadline_ = TimePoint(std::chrono::nanoseconds(outer));
  paused_ = guard.paused_total;
  outer_owner_ = guard.owner;
  guard.deadline = std::min(outer, to_nanoseconds(deadline));
  guard.state = state;
  if (owner != 0) guard.owner = owner;
  take_stop(guard);
  arm_in_time(guard);
}

Guard::Entry::~Entry() {
  ThreadGuard& guard = here();
  // What an inner Pause added belongs to the outer entries too.
  const Nanoseconds outer = to_nanoseconds(outer_deadline_);
  guard.deadline = outer == kNever ? kNever : outer + (guard.paused_total - paused_);
  guard.state = outer_state_;
  guard.owner = outer_owner_;
  guard.stopped = false;
  if (guard.hooked != nullptr) {
    lua_sethook(guard.hooked, nullptr, 0, 0);
    guard.hooked = nullptr;
    guard.raised = false;
    take_stop(guard);
    arm_in_time(guard);
  }
}

Guard::Pause::Pause() : began_(Clock::now()) {
  ThreadGuard& guard = here();
  state_ = guard.state;
  guard.state = nullptr;
}

Guard::Pause::~Pause() {
  ThreadGuard& guard = here();
  const Nanoseconds spent = to_nanoseconds(Clock::now()) - to_nanoseconds(began_);
  guard.paused_total = guard.paused_total + spent;
  if (guard.deadline != kNever) guard.deadline = guard.deadline + spent;
  guard.state = state_;
  take_stop(guard);
  arm_in_time(guard);
}

bool Guard::Entry::stopped() const {
  return here().stopped;
}

Guard::Stoppable::Stoppable(Stopper& stopper, std::uint64_t owner)
    : stopper_((stopper.bind(), stopper)), entry_(nullptr, TimePoint::max(), owner) {}

Guard::Stoppable::~Stoppable() {
  stopper_.release();
}

Guard::Stopper::Stopper() : impl_(std::make_shared<Impl>()) {}

Guard::Stopper::~Stopper() = default;

void Guard::Stopper::bind() {
  ThreadGuard& guard = here();
  prepare_thread(guard);
  guard.stopper = impl_;
  guard.stops = &impl_->any;
  const std::lock_guard lock(impl_->mutex);
  impl_->thread = static_cast<pid_t>(::syscall(SYS_gettid));
}

void Guard::Stopper::release() {
  ThreadGuard& guard = here();
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->thread = 0;
  }
  guard.stops = nullptr;
  guard.stopper.reset();
}

void Guard::Stopper::stop(std::uint64_t owner) {
  const std::lock_guard lock(impl_->mutex);
  impl_->owners.push_back(owner);
  impl_->any.store(true, std::memory_order_release);
  if (impl_->thread != 0) {
    ::syscall(SYS_tgkill, ::getpid(), impl_->thread, guard_signal());
  }
}

void Guard::Stopper::forget(std::uint64_t owner) {
  const std::lock_guard lock(impl_->mutex);
  std::erase(impl_->owners, owner);
  impl_->any.store(!impl_->owners.empty(), std::memory_order_release);
}

}  // namespace engine::script
