#include "app/daemon/caller.hh"

#include <array>

namespace engine::app {

std::string_view transport_name(Transport transport) {
  constexpr std::array<std::string_view, 6> kNames = {"unix", "http", "https", "ws", "wss", "tls"};
  return kNames[static_cast<std::size_t>(transport)];
}

}  // namespace engine::app
