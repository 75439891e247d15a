#include "net/line_balancer.hh"

#include <algorithm>

namespace engine::net {

LineBalancer::LineBalancer(std::vector<LineService*> services,
                           std::size_t most,
                           Refuser& refuser,
                           std::string busy)
    : services_(std::move(services)),
      quota_({.total = most}),
      refuser_(refuser),
      busy_(std::move(busy) + '\n') {}

void LineBalancer::adopt(UniqueFd socket) {
  auto place = quota_.admit();
  if (!place) return refuser_.refuse(std::move(socket), busy_);
  LineService* least = *std::ranges::min_element(services_, {}, &LineService::connections);
  least->adopt(std::move(socket), std::move(*place));
}

}  // namespace engine::net
