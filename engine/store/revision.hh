#pragma once

#include "json/patch.hh"
#include "json/pointer.hh"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace engine::store {

using RevisionId = std::uint64_t;

/// A place a revision changed. Putting in or taking out an array element moves those behind it, so
/// it counts as a change of the whole array.
struct Touch {
  json::Pointer path;
  bool membership = false;  ///< a member of the object above came or went
};

/// One committed change of the document. Immutable; shared between threads.
struct Revision {
  RevisionId id = 0;
  std::chrono::system_clock::time_point time;
  bool durable = true;  ///< false while only in memory; a crash may take it back
  json::Patch patch;    ///< `add`, `remove` and `replace` only
  std::string text;     ///< the patch as JSON, encoded once
  std::vector<Touch> touched;
};
using RevisionPtr = std::shared_ptr<const Revision>;

/// The places `patch` touches.
std::vector<Touch> touched_by(const json::Patch& patch);

/// Whether a change at `touch` can be seen from `scope`: at it, above it or below it.
bool affects(const Touch& touch, const json::Pointer& scope);

/// What a mutation has seen of a place.
enum class Seen : std::uint8_t { existence, names, all };

struct Footprint {
  json::Pointer path;
  Seen seen = Seen::all;
};

}  // namespace engine::store
