#pragma once

#include "net/line_service.hh"

#include <string>
#include <vector>

namespace engine::net {

/// Gives new connections to the service that has fewest. Resource type; used on the listener's
/// loop. The services outlive it.
class LineBalancer {
 public:
  struct Limits {
    std::size_t connections = 1024;  ///< of all services together
  };
  /// `busy` is the line written to a connection over the limit before it is closed.
  LineBalancer(std::vector<LineService*> services, Limits limits, std::string busy);

  void adopt(UniqueFd socket);
  /// Connections of all services.
  [[nodiscard]] std::size_t connections() const;

 private:
  std::vector<LineService*> services_;
  Limits limits_;
  std::string busy_;
};

}  // namespace engine::net
