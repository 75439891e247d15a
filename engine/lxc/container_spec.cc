#include "lxc/container_spec.hh"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace engine::lxc {
namespace {

tl::unexpected<Error> bad(std::string message) {
  return fail(Errc::invalid_params, std::move(message));
}

bool good_name(const std::string& name) {
  if (name.empty() || name.size() > 64 || name.front() == '.' || name.front() == '-') return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
  });
}

// liblxc takes one line and splits it at white space.
bool good_word(const std::string& word) {
  return !word.empty() && word.find_first_of(" \t\n\"'\\") == std::string::npos;
}

Result<> check_network(const NetworkSpec& network) {
  for (const auto& name : {network.bridge, network.host_link}) {
    if (name.empty() || name.size() > 15) {
      return bad(fmt::format("'{}' cannot name a network link: 1 to 15 characters", name));
    }
  }
  if (!network.address.overlaps({network.gateway, 32})) {
    return bad(fmt::format(
        "gateway {} is not in network {}", network.gateway.str(), network.address.str()));
  }
  return {};
}

}  // namespace

Result<> check_places(const ContainerSpec& spec) {
  if (!good_name(spec.name)) return bad(fmt::format("'{}' cannot name a container", spec.name));
  for (const auto& path : {spec.lxcpath, spec.state_dir, spec.run_dir}) {
    if (!path.is_absolute() || path.lexically_normal() == "/") {
      return bad(fmt::format("'{}' is no absolute path", path.string()));
    }
  }
  return {};
}

Result<> check_spec(const ContainerSpec& spec) {
  TRY(check_places(spec));
  if (!spec.image.is_absolute()) {
    return bad(fmt::format("'{}' is no absolute path", spec.image.string()));
  }
  if (spec.init.empty()) return bad("a container needs a program to run as PID 1");
  for (const auto& word : spec.init) {
    if (!good_word(word)) return bad(fmt::format("'{}' cannot be an argument of PID 1", word));
  }
  for (const auto& setting : spec.environment) {
    if (setting.find('=') == std::string::npos || setting.find('\n') != std::string::npos) {
      return bad(fmt::format("'{}' is no environment setting", setting));
    }
  }
  if (spec.ids.base < spec.ids.count) return bad("the id range overlaps the host's own ids");
  if (spec.network) return check_network(*spec.network);
  return {};
}

}  // namespace engine::lxc
