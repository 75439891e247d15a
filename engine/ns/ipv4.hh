#pragma once

#include "base/result.hh"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace engine::ns {

/// An IPv4 address in host byte order. Value type.
struct Ipv4 {
  std::uint32_t value = 0;
  auto operator<=>(const Ipv4&) const = default;
  [[nodiscard]] std::string str() const;
};

/// ERRORS: Errc::parse_net_address.
Result<Ipv4> parse_ipv4(std::string_view text);

/// An address with the length of its network's prefix: 10.7.1.1/24. Value type.
struct Ipv4Net {
  Ipv4 address;
  unsigned prefix = 24;
  auto operator<=>(const Ipv4Net&) const = default;

  [[nodiscard]] std::string str() const;
  [[nodiscard]] std::uint32_t mask() const;
  /// The network without host bits.
  [[nodiscard]] Ipv4Net network() const;
  /// The `n`th address of the network, same prefix.
  [[nodiscard]] Ipv4Net host(std::uint32_t n) const;
  [[nodiscard]] bool overlaps(const Ipv4Net& other) const;
};

/// ERRORS: Errc::parse_net_address.
Result<Ipv4Net> parse_ipv4_net(std::string_view text);

}  // namespace engine::ns
