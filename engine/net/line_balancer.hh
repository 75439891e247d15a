#pragma once

#include "net/connection_quota.hh"
#include "net/line_service.hh"
#include "net/refuser.hh"

#include <string>
#include <vector>

namespace engine::net {

/// Gives new connections to the service that has fewest. Resource type; used on the listener's
/// loop. Services and refuser outlive it.
class LineBalancer {
 public:
  /// `most` connections at once, those handed over to others included. `busy` is the line written
  /// to one too many before it is closed.
  LineBalancer(std::vector<LineService*> services,
               std::size_t most,
               Refuser& refuser,
               std::string busy);

  void adopt(UniqueFd socket);

 private:
  std::vector<LineService*> services_;
  ConnectionQuota quota_;
  Refuser& refuser_;
  std::string busy_;
};

}  // namespace engine::net
