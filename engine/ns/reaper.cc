#include "ns/reaper.hh"

#include <signal.h>
#include <sys/wait.h>

#include <utility>

namespace engine::ns {
namespace {

loop::ExitStatus decode(int status) {
  if (WIFSIGNALED(status)) return {.code = 128 + WTERMSIG(status), .signal = WTERMSIG(status)};
  return {.code = WEXITSTATUS(status)};
}

}  // namespace

Reaper::Reaper(loop::Loop& loop) : signals_(loop, {SIGCHLD}, [this](int) { collect(); }) {}

void Reaper::watch(pid_t pid, UniqueFunction<void(loop::ExitStatus)> on_exit) {
  watched_.insert_or_assign(pid, std::move(on_exit));
}

void Reaper::forget(pid_t pid) {
  watched_.erase(pid);
}

void Reaper::after_each_turn(UniqueFunction<void()> idle) {
  idle_ = std::move(idle);
}

void Reaper::collect() {
  int status = 0;
  pid_t pid = 0;
  while ((pid = ::waitpid(-1, &status, WNOHANG)) > 0) {
    const auto found = watched_.find(pid);
    if (found == watched_.end()) continue;
    auto on_exit = std::move(found->second);
    watched_.erase(found);
    on_exit(decode(status));
  }
  if (idle_) idle_();
}

}  // namespace engine::ns
