#pragma once

#include "loop/loop.hh"

#include <cstddef>

namespace engine::app {

/// Gives back memory while nothing happens: free heap pages, and the pages of the program that only
/// starting up or a past request needed. They are mapped again from the page cache when touched.
/// Resource type.
class IdleMemory {
 public:
  /// `collect` frees what the scripts no longer hold.
  IdleMemory(loop::Loop& loop, UniqueFunction<void()> collect);

  /// Something happened: memory is given back when nothing has for a while.
  void touch();

 private:
  void give_back();
  void look();

  loop::Timer timer_;
  UniqueFunction<void()> collect_;
  std::size_t left_ = 0;  ///< resident pages after the last giving back
};

}  // namespace engine::app
