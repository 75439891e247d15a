// How long a command takes: runs it COUNT times, one after another, and prints the milliseconds of
// each run from before the start of the process to its end; with --cpu those of processor time.
//   repeat [--cpu] COUNT COMMAND [ARGUMENT…]
// Its standard output is dropped. Ends with 1 at the first run that fails.
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

double milliseconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
}

}  // namespace

int main(int argc, char** argv) {
  const bool cpu = argc > 1 && std::string_view(argv[1]) == "--cpu";
  if (cpu) ++argv, --argc;
  if (argc < 3) {
    std::fprintf(stderr, "usage: repeat [--cpu] COUNT COMMAND [ARGUMENT…]\n");
    return 2;
  }
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  for (int i = std::atoi(argv[1]); i > 0; --i) {
    const auto begin = std::chrono::steady_clock::now();
    pid_t pid = 0;
    int status = 0;
    if (::posix_spawnp(&pid, argv[2], &actions, nullptr, argv + 2, environ) != 0) {
      std::fprintf(stderr, "repeat: cannot run %s\n", argv[2]);
      return 1;
    }
    rusage used{};
    ::wait4(pid, &status, 0, &used);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
      std::fprintf(stderr, "repeat: %s failed\n", argv[2]);
      return 1;
    }
    std::printf("%.3f\n",
                cpu ? milliseconds(used.ru_utime) + milliseconds(used.ru_stime) : took.count());
  }
  return 0;
}
