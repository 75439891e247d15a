#include "instance/boot_wait.hh"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>

namespace engine::instance {
namespace {

/// How long a child that was told to end may take before it is killed.
constexpr Milliseconds kGrace{5'000};

}  // namespace

BootWait::BootWait(loop::Loop& loop, std::unique_ptr<loop::ChildProcess> child, UniqueFd pipe)
    : loop_(loop), child_(std::move(child)), pipe_(loop, std::move(pipe)), timer_(loop) {
  ::fcntl(pipe_.fd(), F_SETFL, O_NONBLOCK);
}

BootWait::Outcome BootWait::run(Milliseconds timeout) {
  child_->wait([this](Result<loop::ExitStatus> status) {
    on_exit(status ? *status : loop::ExitStatus{.code = 255});
  });
  watch_pipe();
  timer_.start(timeout, [this] { on_timeout(); });
  loop_.run();
  if (outcome_.ready) child_->detach();
  return std::move(outcome_);
}

void BootWait::watch_pipe() {
  pipe_.wait_readable([this](Result<>) { on_pipe(); });
}

void BootWait::on_pipe() {
  const bool open = drain_pipe();
  if (outcome_.report.ready() && !outcome_.timed_out) {
    outcome_.ready = true;
    loop_.stop();
  } else if (open) {
    watch_pipe();
  }
}

bool BootWait::drain_pipe() {
  char block[4096];
  while (true) {
    const ssize_t got = ::read(pipe_.fd(), block, sizeof block);
    if (got > 0) {
      outcome_.report.feed({block, static_cast<std::size_t>(got)});
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
      return false;
    } else if (errno == EAGAIN) {
      return true;
    }
  }
}

void BootWait::on_exit(const loop::ExitStatus& status) {
  drain_pipe();
  outcome_.exit = status;
  loop_.stop();
}

void BootWait::on_timeout() {
  if (outcome_.timed_out) {
    loop_.stop();
    return;
  }
  outcome_.timed_out = true;
  static_cast<void>(child_->kill(SIGTERM));
  timer_.start(kGrace, [this] { on_timeout(); });
}

}  // namespace engine::instance
