#pragma once

#include "json/patch.hh"
#include "json/value.hh"

#include <vector>

namespace engine::json {

/// The patch that turns `before` into `after`: only `add`, `remove` and `replace`, in document
/// order, never `remove ""`. `[]` for equal values; `1` and `1.0` are not equal.
///
/// Deterministic. At every level a subtree is replaced whole where that is shorter, so the text is
/// never longer than one `replace` of everything. Array elements are aligned by content: exactly
/// for small arrays, by longest common subsequence for big ones that differ in at most some hundred
/// places, by position otherwise. Time O(size) + O(elements * differences).
///
/// Paths start with `at`, which names the place of both values.
Patch diff(const Value& before, const Value& after, const Pointer& at = {});
/// The same; appends to `taken` what each `remove` and `replace` takes away, in their order, as
/// parts of `before`.
Patch diff(const Value& before,
           const Value& after,
           const Pointer& at,
           std::vector<const Value*>& taken);

}  // namespace engine::json
