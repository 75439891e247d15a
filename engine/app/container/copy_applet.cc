#include "app/container/container_applets.hh"
#include "base/time.hh"
#include "ns/copy_tree.hh"

#include <fmt/core.h>

#include <cstdio>

namespace engine::app {
namespace {

constexpr Milliseconds kReportEvery{200};

void print_progress(const ns::CopyProgress& now) {
  fmt::print("progress {} {} {}\n", now.files, now.bytes, now.total_bytes);
  std::fflush(stdout);
}

}  // namespace

int copy_applet(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: moon-container copy FROM TO\n");
    return 2;
  }
  TimePoint reported = Clock::now();
  const auto done = ns::copy_tree(argv[1], argv[2], [&](const ns::CopyProgress& now) {
    if (Clock::now() - reported < kReportEvery) return;
    reported = Clock::now();
    print_progress(now);
  });
  if (!done) {
    fmt::print(stderr, "{}\n", done.error().message);
    return 1;
  }
  print_progress(*done);
  return 0;
}

}  // namespace engine::app
