#pragma once

#include "base/result.hh"
#include "json/pointer.hh"
#include "json/value.hh"
#include "json/writer.hh"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace engine::json {

enum class Op : std::uint8_t { add, remove, replace, move, copy, test };

/// One operation of a JSON Patch (RFC 6902). Value type.
struct Operation {
  Op op = Op::add;
  Pointer path = {};
  Pointer from = {};  ///< of `move` and `copy` only
  Value value = {};   ///< of `add`, `replace` and `test` only
  /// Known to put in or take out an array element, so that those behind it move. Set by `diff` and
  /// by the store; not part of the text form.
  bool shifts = false;

  /// Equal as text: `shifts` does not count.
  bool operator==(const Operation& other) const {
    return op == other.op && path == other.path && from == other.from && value == other.value;
  }
};

using Patch = std::vector<Operation>;

/// Reads an array of operations. Members that RFC 6902 does not name are ignored.
///
/// ERRORS: Errc::invalid_params naming the operation by its index.
Result<Patch> patch_from(const Value& value);

/// Writes the patch with members in the order op, path, from, value.
void write(Writer& out, const Patch& patch);
std::string write(const Patch& patch);

/// Applies all operations or none: on error `document` is as before.
///
/// Strict: no parents are made, `replace` and `remove` need their target, the root cannot be
/// removed. `test` compares numbers by their mathematical value (`1` equals `1.0`).
/// ERRORS: Errc::not_found for a place that is not there, Errc::conflict for a failed `test`,
/// Errc::invalid_params for an operation that can never work; each names the operation's index.
Result<> apply_patch(Value& document, const Patch& patch);

/// One `add`, `remove` or `replace` without undo: on error nothing has changed.
Result<> apply_one(Value& document, Op op, const Pointer& path, Value value);

/// Equality as `test` sees it: numbers by value, members in any order.
bool equal_by_value(const Value& left, const Value& right);

std::string_view op_name(Op op);

}  // namespace engine::json
