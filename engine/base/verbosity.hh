#pragma once

#include "base/log.hh"

#include <memory>
#include <string>
#include <vector>

namespace engine::log {

/// The level from which on lines reach files and console.
Level threshold();

/// One who listens wants to hear more: while this lives, lines of the parts it names reach the
/// observer down to its level, though they are below the threshold. Files and console stay as they
/// are. Thread-safe; movable.
class Verbosity {
 public:
  /// `targets`: "script" stands for "script.x", too; none: all parts.
  Verbosity(Level level, std::vector<std::string> targets);
  Verbosity(Verbosity&&) noexcept;
  Verbosity& operator=(Verbosity&&) noexcept;
  ~Verbosity();

  struct Wish;

 private:
  std::unique_ptr<const Wish> wish_;
};

}  // namespace engine::log
