#pragma once

#include "base/result.hh"
#include "base/unique_fd.hh"

namespace engine {

/// Both ends of a pipe, closed when a program is executed.
struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

/// ERRORS: of pipe2 (too many open files).
Result<Pipe> make_pipe();

}  // namespace engine
