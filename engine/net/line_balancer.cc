#include "net/line_balancer.hh"

#include <sys/socket.h>

#include <algorithm>

namespace engine::net {

LineBalancer::LineBalancer(std::vector<LineService*> services, Limits limits, std::string busy)
    : services_(std::move(services)), limits_(limits), busy_(std::move(busy) + '\n') {}

std::size_t LineBalancer::connections() const {
  std::size_t sum = 0;
  for (const LineService* service : services_)
    sum += service->connections();
  return sum;
}

void LineBalancer::adopt(UniqueFd socket) {
  if (connections() >= limits_.connections) {
    // A fresh socket takes a short line whole; if it does not, the peer sees the close alone.
    (void)::send(socket.get(), busy_.data(), busy_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return;
  }
  LineService* least = *std::ranges::min_element(services_, {}, &LineService::connections);
  least->adopt(std::move(socket));
}

}  // namespace engine::net
