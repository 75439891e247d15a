#include "ns/ipv4.hh"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace engine::ns {

std::string Ipv4::str() const {
  return fmt::format(
      "{}.{}.{}.{}", value >> 24U, (value >> 16U) & 255U, (value >> 8U) & 255U, value & 255U);
}

Result<Ipv4> parse_ipv4(std::string_view text) {
  in_addr address{};
  if (::inet_pton(AF_INET, std::string(text).c_str(), &address) != 1) {
    return fail(Errc::parse_net_address, fmt::format("'{}' is no IPv4 address", text));
  }
  return Ipv4{ntohl(address.s_addr)};
}

std::string Ipv4Net::str() const {
  return fmt::format("{}/{}", address.str(), prefix);
}

std::uint32_t Ipv4Net::mask() const {
  return prefix == 0 ? 0U : ~0U << (32U - prefix);
}

Ipv4Net Ipv4Net::network() const {
  return {{address.value & mask()}, prefix};
}

Ipv4Net Ipv4Net::host(std::uint32_t n) const {
  return {{(address.value & mask()) + n}, prefix};
}

bool Ipv4Net::overlaps(const Ipv4Net& other) const {
  const std::uint32_t common = std::min(mask(), other.mask());
  return (address.value & common) == (other.address.value & common);
}

Result<Ipv4Net> parse_ipv4_net(std::string_view text) {
  const std::size_t slash = text.find('/');
  TRY_ASSIGN(const Ipv4 address, parse_ipv4(text.substr(0, slash)));
  if (slash == std::string_view::npos) return Ipv4Net{address, 32};
  unsigned prefix = 0;
  const std::string_view rest = text.substr(slash + 1);
  const auto parsed = std::from_chars(rest.data(), rest.data() + rest.size(), prefix);
  if (parsed.ec != std::errc() || parsed.ptr != rest.data() + rest.size() || prefix > 32) {
    return fail(Errc::parse_net_address, fmt::format("'{}' is no IPv4 network", text));
  }
  return Ipv4Net{address, prefix};
}

}  // namespace engine::ns
