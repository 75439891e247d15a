#pragma once

#include "json/patch.hh"
#include "json/value.hh"

namespace engine::json {

/// Applies `patch` to `document` and gives the same change as `add`, `remove` and `replace` alone:
/// `move` and `copy` are spelt out, `test` is gone, `-` is an index, and `shifts` is set where
/// array elements move.
///
/// ERRORS: as `apply_patch`; `document` is then in between, so give a copy if it still matters.
Result<Patch> apply_simplified(Value& document, const Patch& patch);

/// Whether `patch` may put another value under `scope`, so that its operations alone do not say
/// what changes there: one is at the scope or above it, or moves an array element it goes through.
bool disturbs(const Patch& patch, const Pointer& scope);

/// What a reader of `scope` alone is told of a change: operations relative to the scope that turn
/// `before` into `after`, the values there; null pointers stand for a scope that names nothing,
/// which such a reader sees as null. `[]` if nothing changed there.
///
/// Operations below the scope stay as they are. Where the scope itself changed place or was
/// replaced (an operation at or above it, or array elements that moved under it) the difference of
/// the two values is told instead. Law: applied to `before` it gives `after`. Source: patch-store
/// reference, R11 and R16.
/// REQUIRES: `patch` holds only `add`, `remove` and `replace`, with `shifts` set where it applies.
Patch scoped(const Patch& patch, const Pointer& scope, const Value* before, const Value* after);

}  // namespace engine::json
