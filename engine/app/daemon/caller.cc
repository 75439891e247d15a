#include "app/daemon/caller.hh"

#include <array>
#include <atomic>

namespace engine::app {

std::string_view transport_name(Transport transport) {
  constexpr std::array<std::string_view, 6> kNames = {"unix", "http", "https", "ws", "wss", "tls"};
  return kNames[static_cast<std::size_t>(transport)];
}

std::uint64_t next_http_id() {
  static std::atomic<std::uint64_t> next = 1;
  return next.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace engine::app
