#include "lxc/start_applet.hh"

#include "base/bytes.hh"
#include "lxc/config.hh"
#include "lxc/handle.hh"

#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace engine::lxc {
namespace {

std::string read_standard_input() {
  std::string all;
  char block[4096];
  while (true) {
    const ssize_t got = ::read(STDIN_FILENO, block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return all;
    all.append(block, static_cast<std::size_t>(got));
  }
}

Result<> start_here(const char* name, const char* lxcpath) {
  TRY_ASSIGN(const Handle container, open_handle(name, lxcpath));
  container->clear_config(container.get());
  for (const auto& [key, value] : unpack_items(read_standard_input())) {
    if (!container->set_config_item(container.get(), key.c_str(), value.c_str())) {
      return fail(Errc::lxc, fmt::format("liblxc refuses {} = {}", key, value));
    }
  }
  container->want_daemonize(container.get(), true);
  container->want_close_all_fds(container.get(), true);
  if (!container->start(container.get(), 0, nullptr)) {
    return fail(Errc::lxc, "liblxc could not start the container");
  }
  return {};
}

}  // namespace

int lxc_start_applet(int argc, char** argv) {
  ::syscall(SYS_close_range, 3U, ~0U, 0U);
  if (argc < 3) {
    fmt::print(stderr, "usage: {} NAME LXCPATH <items\n", argc > 0 ? argv[0] : "lxc-start");
    return 2;
  }
  const auto started = start_here(argv[argc - 2], argv[argc - 1]);
  if (started) return 0;
  fmt::print(stderr, "{}\n", started.error().message);
  return 1;
}

}  // namespace engine::lxc
