#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace engine::net {

/// How many connections there may be at once, in all and from each place. Thread-safe.
class ConnectionQuota {
  struct Counts;

 public:
  struct Limits {
    std::size_t total = 1024;
    std::size_t per_origin = SIZE_MAX;
  };
  /// The right to be one of them; given back when it is destroyed, on whatever thread. Move-only;
  /// may outlive the quota.
  class Place {
   public:
    Place() = default;
    Place(Place&&) noexcept = default;
    Place& operator=(Place&& other) noexcept;
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() { leave(); }

   private:
    friend class ConnectionQuota;
    Place(std::shared_ptr<Counts> counts, std::string origin)
        : counts_(std::move(counts)), origin_(std::move(origin)) {}
    void leave();
    std::shared_ptr<Counts> counts_;
    std::string origin_;
  };

  explicit ConnectionQuota(Limits limits);

  /// Nullopt when there are too many. `origin` as of `origin_of`; empty: only the total counts.
  [[nodiscard]] std::optional<Place> admit(std::string_view origin = {});
  [[nodiscard]] std::size_t connections() const;

 private:
  Limits limits_;
  std::shared_ptr<Counts> counts_;
};

/// Where the peer of a TCP socket sits: its IPv4 address, or the network (/64) of its IPv6 address,
/// of which one host has as many addresses as it likes. Bytes, not text; empty for other sockets.
[[nodiscard]] std::string origin_of(int socket);

}  // namespace engine::net
