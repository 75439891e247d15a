#pragma once

#include <cstddef>

namespace engine::http {

/// What all half-read bodies and messages of a service may hold together.
struct MemoryPool {
  std::size_t limit = 0;
  std::size_t used = 0;
};

/// What one of them holds; given back at the end. Resource type.
class MemoryShare {
 public:
  explicit MemoryShare(MemoryPool& pool) : pool_(pool) {}
  MemoryShare(const MemoryShare&) = delete;
  MemoryShare& operator=(const MemoryShare&) = delete;
  ~MemoryShare() { resize(0); }

  /// Holds `size` bytes from now on. False when that is more than all may hold.
  bool resize(std::size_t size) {
    pool_.used = pool_.used - held_ + size;
    held_ = size;
    return pool_.used <= pool_.limit;
  }

 private:
  MemoryPool& pool_;
  std::size_t held_ = 0;
};

}  // namespace engine::http
