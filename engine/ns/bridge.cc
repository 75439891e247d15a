#include "ns/bridge.hh"

#include "ns/netlink.hh"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace engine::ns {
namespace {

constexpr std::uint16_t kMake = NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;

template <typename T>
T fixed_part(const NetlinkMessage& message) {
  T part{};
  std::memcpy(&part, message.payload.data(), std::min(sizeof part, message.payload.size()));
  return part;
}

std::string text_of(ByteView value) {
  std::string text(as_text(value));
  while (!text.empty() && text.back() == '\0')
    text.pop_back();
  return text;
}

Ipv4 address_of(ByteView value) {
  std::uint32_t network_order = 0;
  if (value.size() == sizeof network_order) {
    std::memcpy(&network_order, value.data(), sizeof network_order);
  }
  return {ntohl(network_order)};
}

std::uint32_t fnv1a(std::string_view text) {
  std::uint32_t hash = 2166136261U;
  for (const char c : text)
    hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

// A bridge without an address of its own takes the lowest of its ports and changes with them;
// neighbours would have to learn it again. Locally administered, unicast.
std::array<std::byte, 6> stable_mac(std::string_view name) {
  const std::uint32_t hash = fnv1a(name);
  std::array<std::byte, 6> mac{std::byte{0x02}, std::byte{0x6d}};
  for (unsigned i = 0; i < 4; ++i)
    mac[2 + i] = static_cast<std::byte>(hash >> (8 * i));
  return mac;
}

Result<> make_bridge_link(NetlinkSocket& socket, const std::string& name) {
  const auto mac = stable_mac(name);
  NetlinkRequest request(RTM_NEWLINK, kMake);
  request.fixed(ifinfomsg{}).attribute(IFLA_IFNAME, name).attribute(IFLA_ADDRESS, ByteView(mac));
  const std::size_t info = request.begin(IFLA_LINKINFO);
  request.attribute(IFLA_INFO_KIND, "bridge").end(info);
  return socket.request(std::move(request), "making bridge " + name);
}

Result<> add_address(NetlinkSocket& socket, unsigned index, const Ipv4Net& address) {
  const std::uint32_t local = htonl(address.address.value);
  const std::uint32_t broadcast = htonl(address.address.value | ~address.mask());
  ifaddrmsg fixed{};
  fixed.ifa_family = AF_INET;
  fixed.ifa_prefixlen = static_cast<std::uint8_t>(address.prefix);
  fixed.ifa_index = index;
  NetlinkRequest request(RTM_NEWADDR, kMake);
  request.fixed(fixed)
      .attribute(IFA_LOCAL, local)
      .attribute(IFA_ADDRESS, local)
      .attribute(IFA_BROADCAST, broadcast);
  auto added = socket.request(std::move(request), "adding address " + address.str());
  if (!added && added.error().code == Errc::duplicate) return {};
  return added;
}

Result<> set_up(NetlinkSocket& socket, unsigned index) {
  ifinfomsg fixed{};
  fixed.ifi_index = static_cast<int>(index);
  fixed.ifi_flags = IFF_UP;
  fixed.ifi_change = IFF_UP;
  NetlinkRequest request(RTM_NEWLINK, NLM_F_ACK);
  request.fixed(fixed);
  return socket.request(std::move(request), "setting a link up");
}

Result<Link> find_link(const std::string& name) {
  TRY_ASSIGN(const auto links, list_links());
  for (const auto& link : links) {
    if (link.name == name) return link;
  }
  return fail(Errc::not_found, "there is no link " + name);
}

Link link_of(const NetlinkMessage& message) {
  const auto fixed = fixed_part<ifinfomsg>(message);
  const ByteView info = message.attribute(sizeof fixed, IFLA_LINKINFO);
  return {.index = fixed.ifi_index,
          .name = text_of(message.attribute(sizeof fixed, IFLA_IFNAME)),
          .kind = text_of(find_attribute(info, IFLA_INFO_KIND)),
          .up = (fixed.ifi_flags & IFF_UP) != 0};
}

}  // namespace

Result<std::vector<Link>> list_links() {
  TRY_ASSIGN(NetlinkSocket socket, NetlinkSocket::open());
  std::vector<Link> links;
  NetlinkRequest request(RTM_GETLINK, NLM_F_DUMP);
  request.fixed(ifinfomsg{});
  TRY(socket.dump(std::move(request), [&](const NetlinkMessage& message) {
    if (message.type == RTM_NEWLINK) links.push_back(link_of(message));
  }));
  return links;
}

Result<std::vector<Ipv4Net>> networks_in_use() {
  TRY_ASSIGN(NetlinkSocket socket, NetlinkSocket::open());
  std::vector<Ipv4Net> used;
  ifaddrmsg addresses{};
  addresses.ifa_family = AF_INET;
  NetlinkRequest get_addresses(RTM_GETADDR, NLM_F_DUMP);
  get_addresses.fixed(addresses);
  TRY(socket.dump(std::move(get_addresses), [&](const NetlinkMessage& message) {
    if (message.type != RTM_NEWADDR) return;
    const auto fixed = fixed_part<ifaddrmsg>(message);
    used.push_back({address_of(message.attribute(sizeof fixed, IFA_ADDRESS)), fixed.ifa_prefixlen});
  }));
  rtmsg routes{};
  routes.rtm_family = AF_INET;
  NetlinkRequest get_routes(RTM_GETROUTE, NLM_F_DUMP);
  get_routes.fixed(routes);
  TRY(socket.dump(std::move(get_routes), [&](const NetlinkMessage& message) {
    if (message.type != RTM_NEWROUTE) return;
    const auto fixed = fixed_part<rtmsg>(message);
    if (fixed.rtm_dst_len == 0) return;
    used.push_back({address_of(message.attribute(sizeof fixed, RTA_DST)), fixed.rtm_dst_len});
  }));
  return used;
}

Result<Ipv4Net> find_free_subnet(std::string_view seed) {
  TRY_ASSIGN(const auto used, networks_in_use());
  constexpr std::uint32_t kFirst = 64;
  constexpr std::uint32_t kCount = (224 - kFirst) * 256;
  const std::uint32_t start = fnv1a(seed);
  for (std::uint32_t i = 0; i < kCount; ++i) {
    const std::uint32_t number = (start + i) % kCount;
    const Ipv4Net candidate{{(10U << 24U) + (kFirst << 16U) + (number << 8U)}, 24};
    const bool taken = std::any_of(
        used.begin(), used.end(), [&](const Ipv4Net& other) { return candidate.overlaps(other); });
    if (!taken) return candidate;
  }
  return fail(Error{.code = Errc::network,
                    .message = "no free /24 network between 10.64.0.0 and 10.223.255.0",
                    .hint = "a route covers all of them; set a subnet in the configuration"});
}

Result<> ensure_bridge(const std::string& name, const Ipv4Net& address) {
  if (name.empty() || name.size() >= IFNAMSIZ) {
    return fail(Errc::invalid_params,
                fmt::format("'{}' cannot name a bridge: 1 to 15 characters", name));
  }
  TRY_ASSIGN(NetlinkSocket socket, NetlinkSocket::open());
  auto made = make_bridge_link(socket, name);
  if (!made && made.error().code != Errc::duplicate) return made;
  TRY_ASSIGN(const Link link, find_link(name));
  if (link.kind != "bridge") {
    return fail(Errc::duplicate, fmt::format("the link {} exists and is no bridge", name));
  }
  const auto index = static_cast<unsigned>(link.index);
  TRY(add_address(socket, index, address));
  return set_up(socket, index);
}

Result<> delete_link(const std::string& name) {
  TRY_ASSIGN(NetlinkSocket socket, NetlinkSocket::open());
  NetlinkRequest request(RTM_DELLINK, NLM_F_ACK);
  request.fixed(ifinfomsg{}).attribute(IFLA_IFNAME, name);
  auto deleted = socket.request(std::move(request), "deleting link " + name);
  if (!deleted && deleted.error().code == Errc::not_found) return {};
  return deleted;
}

}  // namespace engine::ns
