#pragma once

#include "base/unique_fd.hh"
#include "loop/loop.hh"

#include <memory>

namespace engine::net {

/// Accepts connections on a listening socket, whatever its family. Resource type, lives on one
/// loop. Out of descriptors, it waits a moment and goes on.
class Acceptor {
 public:
  /// `on_accept` gets non-blocking descriptors; it may destroy the acceptor.
  Acceptor(loop::Loop& loop, UniqueFd listening, UniqueFunction<void(UniqueFd)> on_accept);
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;
  ~Acceptor();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace engine::net
