#pragma once

#include "base/result.hh"
#include "json/patch.hh"
#include "json/pointer.hh"
#include "json/writer.hh"
#include "store/snapshot.hh"

#include <optional>

namespace engine::store {

// What somebody who follows a scope sees of the document. A scope without wildcards shows the value
// it names, null where it names nothing. A wildcard shows an object: for each member, or element by
// its index, for which the rest of the scope names something, what that shows.

/// Writes what is seen now. ERRORS: Errc::corrupt.
Result<> write_scope(const Snapshot& snapshot, const json::Pointer& scope, json::Writer& out);

/// What a revision changes of what is seen, as operations relative to it; nothing if they cannot
/// be told without reading it anew: something above the scope's end has changed, or elements of an
/// array on the way have moved.
/// REQUIRES: `patch` holds only `add`, `remove` and `replace`, with `shifts` set where it applies.
std::optional<json::Patch> scope_patch(const json::Patch& patch, const json::Pointer& scope);

}  // namespace engine::store
