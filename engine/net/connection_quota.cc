#include "net/connection_quota.hh"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace engine::net {
namespace {

constexpr std::size_t kNetworkBytes = 8;
constexpr std::size_t kMappedPrefix = 12;  ///< of ::ffff:a.b.c.d

}  // namespace

struct ConnectionQuota::Counts {
  mutable std::mutex mutex;
  std::size_t total = 0;
  std::map<std::string, std::size_t, std::less<>> by_origin;
};

ConnectionQuota::ConnectionQuota(Limits limits)
    : limits_(limits), counts_(std::make_shared<Counts>()) {}

std::optional<ConnectionQuota::Place> ConnectionQuota::admit(std::string_view origin) {
  const std::lock_guard lock(counts_->mutex);
  if (counts_->total >= limits_.total) return std::nullopt;
  if (!origin.empty()) {
    const auto known = counts_->by_origin.find(origin);
    if (known != counts_->by_origin.end() && known->second >= limits_.per_origin) {
      return std::nullopt;
    }
    ++counts_->by_origin[std::string(origin)];
  }
  ++counts_->total;
  return Place(counts_, std::string(origin));
}

std::size_t ConnectionQuota::connections() const {
  const std::lock_guard lock(counts_->mutex);
  return counts_->total;
}

ConnectionQuota::Place& ConnectionQuota::Place::operator=(Place&& other) noexcept {
  if (this != &other) {
    leave();
    counts_ = std::move(other.counts_);
    origin_ = std::move(other.origin_);
  }
  return *this;
}

void ConnectionQuota::Place::leave() {
  const auto counts = std::exchange(counts_, nullptr);
  if (!counts) return;
  const std::lock_guard lock(counts->mutex);
  --counts->total;
  const auto known = counts->by_origin.find(origin_);
  if (known != counts->by_origin.end() && --known->second == 0) counts->by_origin.erase(known);
}

std::string origin_of(int socket) {
  sockaddr_storage storage = {};
  socklen_t size = sizeof storage;
  if (getpeername(socket, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  if (storage.ss_family == AF_INET) {
    const auto& four = reinterpret_cast<const sockaddr_in&>(storage).sin_addr;
    return {reinterpret_cast<const char*>(&four), sizeof four};
  }
  if (storage.ss_family != AF_INET6) return {};
  std::array<char, sizeof(in6_addr)> bytes = {};
  const in6_addr& six = reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr;
  std::memcpy(bytes.data(), &six, bytes.size());
  if (IN6_IS_ADDR_V4MAPPED(&six)) return {bytes.data() + kMappedPrefix, 4};
  return {bytes.data(), kNetworkBytes};
}

}  // namespace engine::net
