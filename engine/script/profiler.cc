#include "script/profiler.hh"

#include "script/guard.hh"

#include <lua.hpp>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#if MOONBOX_LUAJIT_MENDED
#include <moonbox_luajit.h>
#endif

namespace engine::script {
namespace {

constexpr int kMostFrames = 128;

/// Of one thread; the handler reads and writes the volatile part.
struct Sampler {
  timer_t timer = {};
  volatile std::uint64_t outside = 0;  ///< samples while no script ran
  volatile std::uint64_t pending = 0;  ///< samples whose stack the hook has yet to write down
  volatile int state = 0;              ///< of LuaJIT, at the signal
  std::unordered_map<std::string, std::uint64_t> stacks;
};

thread_local std::unique_ptr<Sampler> owned;
/// The handler must not run the initialisation of a thread-local.
thread_local Sampler* sampler = nullptr;

int sample_signal() {
  return SIGRTMIN + 3;
}

/// LuaJIT's own word for what it does: the number of a trace, or the complement of one of these.
std::string_view state_name(int state) {
#if MOONBOX_LUAJIT_MENDED
  static constexpr std::string_view kNames[] = {
      "interpreted", "C", "gc", "compiled", "compiler", "compiler", "compiler"};
  if (state >= 0) return "compiled";
  const auto index = static_cast<std::size_t>(~state);
  return index < std::size(kNames) ? kNames[index] : std::string_view();
#else
  static_cast<void>(state);
  return {};
#endif
}

int state_of([[maybe_unused]] lua_State* state) {
#if MOONBOX_LUAJIT_MENDED
  return moonbox_vmstate(state);
#else
  return 0;
#endif
}

std::string describe(const lua_Debug& frame) {
  if (std::string_view(frame.what) == "C") {
    return frame.name == nullptr ? "[C]" : "[C] " + std::string(frame.name);
  }
  std::string text = frame.short_src;
  if (std::string_view(frame.what) == "main") return text;
  text += ':' + std::to_string(frame.linedefined);
  if (frame.name != nullptr) text += ' ' + std::string(frame.name);
  for (char& c : text)
    if (c == ';') c = ',';
  return text;
}

std::string fold(lua_State* state, int vm_state) {
  std::vector<std::string> frames;
  lua_Debug frame;
  for (int level = 0; level < kMostFrames && lua_getstack(state, level, &frame) != 0; ++level) {
    lua_getinfo(state, "nSl", &frame);
    if (level == 0 && frame.currentline > 0) {
      frames.push_back(std::string(frame.short_src) + ':' + std::to_string(frame.currentline));
    }
    frames.push_back(describe(frame));
  }
  std::string folded;
  for (auto at = frames.rbegin(); at != frames.rend(); ++at)
    folded += (folded.empty() ? "" : ";") + *at;
  if (const std::string_view name = state_name(vm_state); !name.empty()) {
    folded += ";[" + std::string(name) + ']';
  }
  return folded;
}

void write_down(lua_State* state, lua_Debug*) {
  lua_sethook(state, nullptr, 0, 0);
  Sampler* const here = sampler;
  if (here == nullptr || here->pending == 0) return;
  const std::uint64_t count = here->pending;
  here->pending = 0;
  here->stacks[fold(state, here->state)] += count;
}

/// Async-signal-safe as the guard's own handler is.
void on_sample(int, siginfo_t*, void*) {
  const int saved = errno;
  if (Sampler* const here = sampler; here != nullptr) {
    lua_State* const state = Guard::running();
    if (state == nullptr) {
      here->outside = here->outside + 1;
    } else {
      here->pending = here->pending + 1;
      // A hook that is there is the guard's, about to stop the script, or ours from before.
      if (lua_gethook(state) == nullptr) {
        here->state = state_of(state);
        lua_sethook(state, write_down, LUA_MASKLINE | LUA_MASKCOUNT, 1);
      }
    }
  }
  errno = saved;
}

void install_handler() {
  static const bool installed = [] {
    struct sigaction action {};
    action.sa_sigaction = on_sample;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(sample_signal(), &action, nullptr);
    return true;
  }();
  static_cast<void>(installed);
}

void unblock_signal() {
  sigset_t ours;
  sigemptyset(&ours);
  sigaddset(&ours, sample_signal());
  pthread_sigmask(SIG_UNBLOCK, &ours, nullptr);
}

}  // namespace

Result<> Profiler::start(unsigned hertz) {
  if (owned) return fail(Errc::busy, "this thread is being profiled already");
  install_handler();
  unblock_signal();
  auto made = std::make_unique<Sampler>();
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = sample_signal();
  event._sigev_un._tid = static_cast<pid_t>(::syscall(SYS_gettid));
  if (timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &made->timer) != 0) {
    return fail_errno("making a timer");
  }
  owned = std::move(made);
  sampler = owned.get();
  itimerspec every{};
  every.it_interval.tv_sec = hertz == 1 ? 1 : 0;
  every.it_interval.tv_nsec = hertz == 1 ? 0 : 1'000'000'000L / static_cast<long>(hertz);
  every.it_value = every.it_interval;
  timer_settime(owned->timer, 0, &every, nullptr);
  return {};
}

Profiler::Profile Profiler::stop() {
  Profile profile;
  if (!owned) return profile;
  timer_delete(owned->timer);
  sampler = nullptr;
  profile.stacks.insert(owned->stacks.begin(), owned->stacks.end());
  if (const std::uint64_t outside = owned->outside + owned->pending; outside > 0) {
    profile.stacks["[engine]"] += outside;
  }
  for (const auto& [stack, count] : profile.stacks)
    profile.samples += count;
  owned.reset();
  return profile;
}

}  // namespace engine::script
