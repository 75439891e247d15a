#include "app/daemon/last_wall.hh"

#include "loop/loop.hh"
#include "script/guard.hh"
#include "script/vm.hh"

#include <catch2/catch.hpp>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

namespace engine::app {
namespace {

#ifdef __SANITIZE_THREAD__
constexpr bool kGuardWorks = false;  // it holds signals back
#else
constexpr bool kGuardWorks = true;
#endif

/// A script that no hook can stop, in a process that has been begun anew so often.
[[noreturn]] void do_not_come_back(int restarts) {
  ::prctl(PR_SET_DUMPABLE, 0);  // no core
  ::signal(SIGABRT, SIG_DFL);
  script::Guard::set_hard_grace(Milliseconds(100));
  arm_last_wall({"/bin/echo", "began again"}, restarts);
  loop::Loop loop("child");
  const script::Services services;
  auto vm = script::Vm::create(loop, services, {}, {}).value();
  const script::Ref endless =
      vm->compile("local s = ('a'):rep(2^22) return s:find(s:sub(1, 2^21) .. 'b', 1, true)",
                  "endless.lua")
          .value();
  // A busy machine may take the slice for what comes before the search: that is stopped as usual.
  while (true)
    vm->call(endless, {}, {.slice = Milliseconds(300)}, {});
}

struct End {
  std::string said;
  int status = 0;
};

End end_of(int restarts) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::dup2(ends[1], STDERR_FILENO);
    ::close(ends[0]);
    ::close(ends[1]);
    do_not_come_back(restarts);
  }
  ::close(ends[1]);
  End end;
  char text[4096];
  for (ssize_t size = 0; (size = ::read(ends[0], text, sizeof text)) > 0;)
    end.said.append(text, static_cast<std::size_t>(size));
  ::close(ends[0]);
  REQUIRE(::waitpid(child, &end.status, 0) == child);
  return end;
}

}  // namespace

TEST_CASE("app/last_wall: a process begins anew in its place, three times in a row", "[app]") {
  if (!kGuardWorks) return;
  for (const int restarts : {0, 2}) {
    const End end = end_of(restarts);
    INFO(end.said);
    CHECK(end.said.find("did not come back") != std::string::npos);
    CHECK(end.said.find("began again --restarts " + std::to_string(restarts + 1) + "\n") !=
          std::string::npos);
    CHECK((WIFEXITED(end.status) && WEXITSTATUS(end.status) == 0));
  }
  const End end = end_of(3);
  INFO(end.said);
  CHECK(end.said.find("did not come back") != std::string::npos);
  CHECK(end.said.find("began again") == std::string::npos);
  CHECK(WIFSIGNALED(end.status));
}

}  // namespace engine::app
