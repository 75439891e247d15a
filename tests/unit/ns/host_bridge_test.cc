#include "ns/bridge.hh"
#include "ns/netlink.hh"

#include "host_fixture.hh"
#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <thread>

using namespace engine;

namespace {

/// Runs `body` on a thread in an empty network namespace, which ends with it.
template <typename F>
void in_own_network(F body) {
  bool entered = false;
  std::thread([&] {
    entered = ::unshare(CLONE_NEWNET) == 0;
    if (entered) body();
  }).join();
  REQUIRE(entered);
}

const ns::Link* find(const std::vector<ns::Link>& links, const std::string& name) {
  const auto found =
      std::find_if(links.begin(), links.end(), [&](const auto& link) { return link.name == name; });
  return found == links.end() ? nullptr : &*found;
}

}  // namespace

TEST_CASE("ns/ipv4: parses, prints and compares networks", "[ns]") {
  const auto net = ns::parse_ipv4_net("10.7.1.9/24");
  REQUIRE_OK(net);
  CHECK(net->str() == "10.7.1.9/24");
  CHECK(net->network().str() == "10.7.1.0/24");
  CHECK(net->host(1).str() == "10.7.1.1/24");
  CHECK(net->overlaps(*ns::parse_ipv4_net("10.0.0.0/8")));
  CHECK_FALSE(net->overlaps(*ns::parse_ipv4_net("10.7.2.0/24")));
  for (const char* bad : {"", "10.7.1", "10.7.1.1/33", "10.7.1.1/", "10.7.1.1/2x", "::1/64"}) {
    CHECK_FALSE(ns::parse_ipv4_net(bad).has_value());
  }
}

TEST_CASE("ns/bridge: makes a bridge with its address, twice is once, deletes it", "[ns]") {
  in_own_network([] {
    const auto address = *ns::parse_ipv4_net("10.99.1.1/24");
    CHECK(why(ns::ensure_bridge("moontest0", address)).empty());
    CHECK(why(ns::ensure_bridge("moontest0", address)).empty());
    const auto links = ns::list_links();
    const ns::Link* bridge = find(*links, "moontest0");
    CHECK(bridge != nullptr);
    CHECK((bridge != nullptr && bridge->kind == "bridge" && bridge->up));
    const auto used = ns::networks_in_use();
    CHECK(std::any_of(
        used->begin(), used->end(), [&](const auto& net) { return net.overlaps(address); }));
    CHECK(why(ns::delete_link("moontest0")).empty());
    CHECK(why(ns::delete_link("moontest0")).empty());
    CHECK(find(*ns::list_links(), "moontest0") == nullptr);
  });
}

TEST_CASE("ns/bridge: leaves a link of another kind alone and refuses long names", "[ns]") {
  in_own_network([] {
    const auto address = *ns::parse_ipv4_net("10.99.1.1/24");
    const auto taken = ns::ensure_bridge("lo", address);
    CHECK((!taken && taken.error().code == Errc::duplicate));
    const auto longer = ns::ensure_bridge("sixteen-letters-", address);
    CHECK((!longer && longer.error().code == Errc::invalid_params));
  });
}

TEST_CASE("ns/bridge: finds a subnet that nothing uses, the same one again", "[ns]") {
  in_own_network([] {
    const auto first = ns::find_free_subnet("seed");
    CHECK((first && first->prefix == 24 && *first == first->network()));
    CHECK(*ns::find_free_subnet("seed") == *first);
    CHECK(why(ns::ensure_bridge("moontest0", first->host(1))).empty());
    const auto second = ns::find_free_subnet("seed");
    CHECK((second && !second->overlaps(*first)));
    // A route over the whole range leaves none.
    CHECK(why(ns::ensure_bridge("moontest0", *ns::parse_ipv4_net("10.1.1.1/8"))).empty());
    const auto none = ns::find_free_subnet("seed");
    CHECK((!none && none.error().code == Errc::network));
  });
}
