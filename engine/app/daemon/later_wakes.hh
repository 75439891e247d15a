#pragma once

#include "base/time.hh"
#include "loop/loop.hh"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

namespace engine::app {

/// Connections to be woken after a while, with one timer for all. Resource type; made and destroyed
/// on its loop's thread.
class LaterWakes {
 public:
  LaterWakes(loop::Loop& loop, std::function<void(std::uint64_t connection)> wake);
  LaterWakes(const LaterWakes&) = delete;
  LaterWakes& operator=(const LaterWakes&) = delete;
  ~LaterWakes();

  /// Thread-safe. REQUIRES: the object is not being destroyed.
  void add(std::uint64_t connection, Milliseconds delay);

 private:
  struct State;
  loop::Loop& loop_;
  std::shared_ptr<State> state_;
};

}  // namespace engine::app
