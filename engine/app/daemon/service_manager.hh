#pragma once

#include "base/time.hh"
#include "loop/loop.hh"

#include <string>
#include <string_view>

namespace engine::app {

/// Tells the service manager that started the daemon how it is, by the protocol of sd_notify(3):
/// datagrams to the socket $NOTIFY_SOCKET. Without one it says nothing. Resource type; lives on the
/// control loop.
class ServiceManager {
 public:
  explicit ServiceManager(loop::Loop& loop);

  /// It serves. Where a watchdog is asked for ($WATCHDOG_USEC), it hears twice in its time from
  /// here on, as long as the loop turns.
  void ready(std::string_view status);
  void stopping();

 private:
  void tell(std::string_view state) const;
  void keep_alive();

  std::string socket_;
  Milliseconds interval_{0};  ///< between two signs of life; 0: none are wanted
  loop::Timer timer_;
};

}  // namespace engine::app
