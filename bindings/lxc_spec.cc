#include "bindings/lxc_spec.hh"

#include "script/convert.hh"

#include <algorithm>

namespace engine::bindings {
namespace {

constexpr std::uint64_t kLargestExact = 1ULL << 53U;

std::uint64_t whole_number(lua_State* state, int table, const char* name) {
  const double value = script::field_number(state, table, name).value_or(0);
  if (!(value >= 0 && value <= static_cast<double>(kLargestExact))) {
    luaL_error(state, "field '%s': a whole number expected", name);
  }
  return static_cast<std::uint64_t>(value);
}

std::string text(lua_State* state, int table, const char* name) {
  return script::field_string(state, table, name).value_or("");
}

Result<std::optional<lxc::NetworkSpec>> network_at(lua_State* state, int table) {
  lxc::NetworkSpec network;
  network.host_link = text(state, table, "veth");
  if (network.host_link.empty()) return std::optional<lxc::NetworkSpec>();
  network.bridge = text(state, table, "bridge");
  const std::string address = text(state, table, "address");
  if (!address.empty()) {
    TRY_ASSIGN(network.address, ns::parse_ipv4_net(address));
    if (address.find('/') == std::string::npos) network.address.prefix = 24;
    TRY_ASSIGN(network.gateway, ns::parse_ipv4(text(state, table, "gateway")));
  }
  return std::optional(network);
}

// A key is a file name of the unpack cache.
std::string key_of(const ns::FileRegion& region) {
  std::string key = region.file.stem().string();
  if (region.offset != 0) key.append(1, '-').append(std::to_string(region.offset));
  return key;
}

}  // namespace

Result<ScriptSpec> spec_at(lua_State* state, int index) {
  luaL_checktype(state, index, LUA_TTABLE);
  ScriptSpec spec;
  lxc::ContainerSpec& container = spec.container;
  container.name = text(state, index, "name");
  container.lxcpath = script::field_string(state, index, "lxcpath").value_or(kLxcPath);
  container.hostname = text(state, index, "hostname");
  container.image = text(state, index, "base_image");
  container.image_key = container.image.stem().string();
  container.unpack_cache = container.image.parent_path() / "unpacked";
  container.unpack = script::field_boolean(state, index, "unpack").value_or(false);
  container.run_dir = text(state, index, "run_dir");
  container.state_dir = text(state, index, "state_dir");
  const std::uint64_t base = whole_number(state, index, "id_base");
  if (base > UINT32_MAX - UINT16_MAX) luaL_error(state, "field 'id_base': too large");
  if (base != 0) container.ids.base = static_cast<std::uint32_t>(base);
  container.memory_limit = whole_number(state, index, "memory_limit");
  container.pids_limit = whole_number(state, index, "pids_limit");
  container.environment = script::field_strings(state, index, "environment");
  container.init = script::field_strings(state, index, "init");
  if (container.init.empty()) container.init = {"/usr/bin/moon-container"};
  if (auto slice = script::field_string(state, index, "cgroup_slice")) {
    container.cgroup_slice = *slice;
  }
  if (const std::filesystem::path logs = text(state, index, "logs_dir"); !logs.empty()) {
    container.console_log = logs / "console.log";
    container.lxc_log = logs / "lxc.log";
    spec.service_logs = logs / "service";
  }
  TRY_ASSIGN(container.network, network_at(state, index));
  return spec;
}

ScriptImage image_at(lua_State* state, int index) {
  ScriptImage image;
  if (lua_type(state, index) == LUA_TSTRING) {
    image.region.file = script::check_string(state, index);
  } else {
    luaL_checktype(state, index, LUA_TTABLE);
    image.region.file = text(state, index, "file");
    image.region.offset = whole_number(state, index, "offset");
    image.region.size = whole_number(state, index, "size");
    image.key = text(state, index, "key");
  }
  if (image.key.empty()) image.key = key_of(image.region);
  if (image.key.find('/') != std::string::npos) luaL_argerror(state, index, "a key without '/'");
  return image;
}

}  // namespace engine::bindings
