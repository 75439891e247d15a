#include "net/listen_address.hh"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <array>
#include <charconv>
#include <cstring>

namespace engine::net {
namespace {

tl::unexpected<Error> not_an_address(std::string_view text) {
  return fail(Error{.code = Errc::usage,
                    .message = fmt::format("'{}' is not an address with a port", text),
                    .hint = "write 127.0.0.1:8080 or [::1]:8080; 0.0.0.0 and [::] are all "
                            "addresses of this machine, port 0 is any that is free"});
}

}  // namespace

std::uint16_t ListenAddress::port() const {
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  }
  return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

std::string ListenAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> host{};
  if (address.ss_family == AF_INET6) {
    inet_ntop(AF_INET6,
              &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr,
              host.data(),
              host.size());
    return fmt::format("[{}]:{}", host.data(), port());
  }
  inet_ntop(
      AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, host.data(), host.size());
  return fmt::format("{}:{}", host.data(), port());
}

Result<ListenAddress> parse_listen_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return not_an_address(text);
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [stop, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (problem != std::errc() || stop != digits.data() + digits.size()) return not_an_address(text);
  ListenAddress result;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(result.address);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    const std::string name(host.substr(1, host.size() - 2));
    if (inet_pton(AF_INET6, name.c_str(), &v6.sin6_addr) != 1) return not_an_address(text);
    result.size = sizeof v6;
    return result;
  }
  auto& v4 = reinterpret_cast<sockaddr_in&>(result.address);
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  if (inet_pton(AF_INET, std::string(host).c_str(), &v4.sin_addr) != 1) {
    return not_an_address(text);
  }
  result.size = sizeof v4;
  return result;
}

}  // namespace engine::net
