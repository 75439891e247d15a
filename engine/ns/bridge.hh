#pragma once

#include "base/result.hh"
#include "ns/ipv4.hh"

#include <string>
#include <string_view>
#include <vector>

/// The bridge containers hang on. All of it over rtnetlink, in the network namespace of the calling
/// thread; each call takes well under a millisecond.
namespace engine::ns {

/// One network interface.
struct Link {
  int index = 0;
  std::string name;
  std::string kind;  ///< "bridge", "veth", …; empty for hardware
  bool up = false;
};
Result<std::vector<Link>> list_links();

/// Every IPv4 network in use: addresses of interfaces and destinations of routes, without the
/// default route.
Result<std::vector<Ipv4Net>> networks_in_use();

/// A /24 of 10.64.0.0 … 10.223.255.0 that overlaps nothing in use. `seed` decides where the search
/// begins, so that one host gets the same answer again. ERRORS: Errc::network if all are taken.
Result<Ipv4Net> find_free_subnet(std::string_view seed);

/// Makes the bridge `name` unless it exists, gives it `address` and sets it up. A bridge left by a
/// killed run is taken over. ERRORS: Errc::duplicate if the name is something else than a bridge;
/// Errc::invalid_params for a name over 15 characters; Errc::network.
Result<> ensure_bridge(const std::string& name, const Ipv4Net& address);

/// Deletes any link (a bridge, one end of a veth pair). A missing one is success.
Result<> delete_link(const std::string& name);

}  // namespace engine::ns
