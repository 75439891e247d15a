#include "ns/listening_ports.hh"

#include "base/file.hh"

#include <array>
#include <charconv>
#include <sstream>

namespace engine::ns {
namespace {

constexpr std::size_t kMaxTable = 8UL << 20U;

// "  0: 0100007F:1F90 00000000:0000 0A …": local address, peer, state. 0A is LISTEN; a bound UDP
// socket has 07.
bool listens(std::string_view local, std::string_view state, std::uint16_t port, bool udp) {
  const auto colon = local.rfind(':');
  if (colon == std::string_view::npos || state != (udp ? "07" : "0A")) return false;
  const auto digits = local.substr(colon + 1);
  std::uint16_t found = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), found, 16);
  return parsed.ec == std::errc{} && found == port;
}

bool table_has(const std::string& table, std::uint16_t port, bool udp) {
  std::istringstream lines(table);
  std::string line;
  std::getline(lines, line);  // the head of the table
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string slot;
    std::string local;
    std::string remote;
    std::string state;
    fields >> slot >> local >> remote >> state;
    if (listens(local, state, port, udp)) return true;
  }
  return false;
}

}  // namespace

Result<bool> is_port_bound(std::uint16_t port, bool udp, const std::filesystem::path& proc_net) {
  const std::array names = udp ? std::array{"udp", "udp6"} : std::array{"tcp", "tcp6"};
  auto first = read_file(proc_net / names[0], kMaxTable);
  if (first && table_has(*first, port, udp)) return true;
  const auto second = read_file(proc_net / names[1], kMaxTable);
  if (!first && !second) return fail(std::move(first).error());
  return second && table_has(*second, port, udp);
}

}  // namespace engine::ns
