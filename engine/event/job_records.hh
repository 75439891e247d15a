#pragma once

#include "base/result.hh"

#include <functional>
#include <string_view>

namespace engine::event {

struct JobSnapshot;

/// Where it is written down which jobs run, so that the next life of the program knows those that
/// were cut short. Called on any thread; must not block.
class JobRecords {
 public:
  using Written = std::function<void(Result<>)>;
  virtual ~JobRecords() = default;

  /// `written` runs once, on any thread, when the record outlives a crash, or could not be made.
  virtual void begin(const JobSnapshot& job, Written written) = 0;
  /// The record is not needed any more.
  virtual void end(std::string_view id) = 0;
};

}  // namespace engine::event
