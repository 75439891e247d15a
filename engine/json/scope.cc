#include "json/scope.hh"

#include "json/diff.hh"

#include <algorithm>

namespace engine::json {
namespace {

/// Appends one operation that only adds, removes or replaces, having carried it out.
Result<> carry_out(Value& document, Patch& done, Op op, const Pointer& path, Value value) {
  Operation operation{.op = op, .path = path};
  if (op != Op::replace && !path.is_root()) {
    TRY_ASSIGN(const Value* parent, resolve(document, path.parent()));
    const Array* elements = parent == nullptr ? nullptr : parent->array();
    operation.shifts = elements != nullptr;
    if (elements != nullptr && op == Op::add && path.last() == "-") {
      operation.path = path.parent().child(elements->size());
    }
  }
  if (op != Op::remove) operation.value = value;
  TRY(apply_one(document, op, path, std::move(value)));
  done.push_back(std::move(operation));
  return {};
}

Result<Value> value_at(const Value& document, const Operation& operation) {
  TRY_ASSIGN(const Value* found, resolve(document, operation.from));
  if (found != nullptr) return *found;
  return fail(Errc::not_found, "nothing at " + quote(operation.from.text()));
}

Result<> carry_out_any(Value& document, Patch& done, const Operation& operation) {
  switch (operation.op) {
    case Op::test:
      return apply_patch(document, {operation});
    case Op::copy: {
      TRY_ASSIGN(Value value, value_at(document, operation));
      return carry_out(document, done, Op::add, operation.path, std::move(value));
    }
    case Op::move: {
      if (operation.path.starts_with(operation.from)) return apply_patch(document, {operation});
      TRY_ASSIGN(Value value, value_at(document, operation));
      TRY(carry_out(document, done, Op::remove, operation.from, {}));
      return carry_out(document, done, Op::add, operation.path, std::move(value));
    }
    default:
      return carry_out(document, done, operation.op, operation.path, operation.value);
  }
}

/// Whether `operation` may put another value under `scope`: it is at the scope or above, or moves
/// an array element that the scope goes through.
bool disturbs(const Operation& operation, const Pointer& scope) {
  if (scope.starts_with(operation.path)) return true;
  if (!operation.shifts) return false;
  const std::size_t level = operation.path.depth() - 1;
  if (scope.depth() <= level || !scope.starts_with(operation.path.parent())) return false;
  const auto moved = array_index(operation.path.last());
  const auto watched = array_index(scope.tokens()[level]);
  return moved && watched && *moved <= *watched;
}

}  // namespace

Result<Patch> apply_simplified(Value& document, const Patch& patch) {
  Patch done;
  done.reserve(patch.size());
  for (std::size_t i = 0; i < patch.size(); ++i) {
    auto carried = carry_out_any(document, done, patch[i]);
    if (!carried) {
      return fail(std::move(carried).error().context("operation " + std::to_string(i)));
    }
  }
  return done;
}

bool disturbs(const Patch& patch, const Pointer& scope) {
  return std::ranges::any_of(patch, [&](const Operation& each) { return disturbs(each, scope); });
}

Patch scoped(const Patch& patch, const Pointer& scope, const Value* before, const Value* after) {
  if (disturbs(patch, scope)) {
    const Value nothing;
    return diff(before == nullptr ? nothing : *before, after == nullptr ? nothing : *after);
  }
  Patch inside;
  for (const Operation& each : patch) {
    if (!each.path.starts_with(scope)) continue;
    inside.push_back(each);
    inside.back().path = each.path.without_front(scope.depth());
  }
  return inside;
}

}  // namespace engine::json
