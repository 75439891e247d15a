#pragma once

#include "base/result.hh"
#include "store/mutation.hh"
#include "store/revision.hh"

#include <span>

namespace engine::store {

/// Undoes the revisions of `range` in `mutation`, newest first, each exactly: what it left must
/// still be there, and no later revision may have moved the elements of an array it names.
/// A later revision and the one that undid it count as nothing.
///
/// REQUIRES: first <= last. `log` holds the revisions from `range.first` to the one the mutation
/// sees, oldest first. ERRORS: Errc::conflict naming the place and what is there now (`info`:
/// {revision, pointer, now?}); Errc::not_found for a revision that is not in `log` or whose values
/// were not kept.
Result<> revert(Mutation& mutation, std::span<const RevisionPtr> log, RevisionRange range);

}  // namespace engine::store
