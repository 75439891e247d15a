#pragma once

#include "json/patch.hh"
#include "json/pointer.hh"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
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

/// Who made a change, as far as it is known.
struct Origin {
  std::string method;  ///< of the call, "db.put"; or the name of the task
  std::string who;     ///< "uid 0", "session …", "key …"; empty: the daemon itself
};

/// Revisions from `first` to `last`, both included.
struct RevisionRange {
  RevisionId first = 0;
  RevisionId last = 0;
  bool operator==(const RevisionRange&) const = default;
};

/// One committed change of the document. Immutable; shared between threads.
struct Revision {
  RevisionId id = 0;
  std::chrono::system_clock::time_point time;
  bool durable = true;  ///< false while only in memory; a crash may take it back
  json::Patch patch;    ///< `add`, `remove` and `replace` only
  std::string text;     ///< the patch as JSON, encoded once
  std::vector<Touch> touched;
  std::string taken;  ///< what undoing it puts back (Change::taken); empty: not kept, too much
  Origin origin;
  std::optional<RevisionRange> reverts;  ///< set if it undoes others
  /// What the store says of its schema from here on; not in the log.
  std::optional<std::string> schema;
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
