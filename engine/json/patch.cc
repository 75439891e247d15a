#include "json/patch.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace engine::json {
namespace {

constexpr std::array<std::string_view, 6> kNames = {
    "add", "remove", "replace", "move", "copy", "test"};

std::optional<Op> op_from_name(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Op>(found - kNames.begin());
}

bool needs_value(Op op) {
  return op == Op::add || op == Op::replace || op == Op::test;
}
bool needs_from(Op op) {
  return op == Op::move || op == Op::copy;
}

Result<Pointer> pointer_member(const Value& value, std::string_view name) {
  const Value* member = value.find(name);
  if (member == nullptr || !member->is_string()) {
    return fail(Errc::invalid_params, fmt::format("member \"{}\" must be a JSON pointer", name));
  }
  return Pointer::parse(*member->string());
}

Result<Operation> operation_from(const Value& value) {
  if (!value.is_object()) return fail(Errc::invalid_params, "an operation must be an object");
  const auto op = op_from_name(value.string_or("op", ""));
  if (!op) {
    return fail(Errc::invalid_params,
                "member \"op\" must be one of add, remove, replace, move, copy, test");
  }
  Operation operation{.op = *op};
  TRY_ASSIGN(operation.path, pointer_member(value, "path"));
  if (needs_from(*op)) {
    TRY_ASSIGN(operation.from, pointer_member(value, "from"));
  }
  if (needs_value(*op)) {
    const Value* member = value.find("value");
    if (member == nullptr) return fail(Errc::invalid_params, "member \"value\" is missing");
    operation.value = *member;
  }
  return operation;
}

tl::unexpected<Error> missing(const Pointer& path) {
  return fail(Errc::not_found, fmt::format("nothing at {}", quote(path.text())));
}

/// The container that holds, or would hold, the last token of `path`.
Result<Value*> parent_of(Value& document, const Pointer& path) {
  TRY_ASSIGN(const Value* found, resolve(document, path.parent()));
  if (found == nullptr || (!found->is_object() && !found->is_array())) {
    return missing(path.parent());
  }
  return const_cast<Value*>(found);
}

/// The position named by the last token of `path` in an array of `size` elements; `size` itself
/// (also as `-`) only if `may_append`.
Result<std::size_t> position(const Pointer& path, std::size_t size, bool may_append) {
  if (may_append && path.last() == "-") return size;
  const auto index = array_index(path.last());
  if (!index && path.last() != "-") {
    return fail(Errc::invalid_params, fmt::format("{} is not an array index", quote(path.last())));
  }
  if (!index || *index > size || (*index == size && !may_append)) return missing(path);
  return *index;
}

/// Carries out an operation and gives the one that takes it back.
class Surgeon {
 public:
  explicit Surgeon(Value& document) : document_(document) {}

  Result<Operation> add(const Pointer& path, Value value) {
    if (path.is_root()) return swap_root(std::move(value));
    TRY_ASSIGN(Value * parent, parent_of(document_, path));
    if (Array* elements = parent->array()) {
      TRY_ASSIGN(const std::size_t at, position(path, elements->size(), true));
      elements->insert(elements->begin() + static_cast<std::ptrdiff_t>(at), std::move(value));
      return Operation{.op = Op::remove, .path = path.parent().child(at)};
    }
    Object& members = *parent->object();
    const auto [entry, added] = members.try_emplace(path.last());
    std::swap(entry->second, value);
    if (added) return Operation{.op = Op::remove, .path = path};
    return Operation{.op = Op::replace, .path = path, .value = std::move(value)};
  }

  Result<Operation> remove(const Pointer& path) {
    if (path.is_root()) return fail(Errc::invalid_params, "the whole document cannot be removed");
    TRY_ASSIGN(Value * parent, parent_of(document_, path));
    if (Array* elements = parent->array()) {
      TRY_ASSIGN(const std::size_t at, position(path, elements->size(), false));
      const auto target = elements->begin() + static_cast<std::ptrdiff_t>(at);
      Value old = std::move(*target);
      elements->erase(target);
      return Operation{.op = Op::add, .path = path, .value = std::move(old)};
    }
    Object& members = *parent->object();
    const auto target = members.find(path.last());
    if (target == members.end()) return missing(path);
    Value old = std::move(target->second);
    members.erase(target);
    return Operation{.op = Op::add, .path = path, .value = std::move(old)};
  }

  Result<Operation> replace(const Pointer& path, Value value) {
    TRY_ASSIGN(const Value* found, resolve(document_, path));
    if (found == nullptr) return missing(path);
    std::swap(*const_cast<Value*>(found), value);
    return Operation{.op = Op::replace, .path = path, .value = std::move(value)};
  }

  Result<Value> copy_of(const Pointer& path) {
    TRY_ASSIGN(const Value* found, resolve(document_, path));
    if (found == nullptr) return missing(path);
    return *found;
  }

 private:
  Operation swap_root(Value value) {
    std::swap(document_, value);
    return Operation{.op = Op::replace, .value = std::move(value)};
  }

  Value& document_;
};

Result<> run_move(Surgeon& surgeon, const Operation& operation, Patch& undo) {
  if (operation.path == operation.from) {
    TRY(surgeon.copy_of(operation.from));
    return {};
  }
  if (operation.path.starts_with(operation.from)) {
    return fail(Errc::invalid_params, "a value cannot be moved into itself");
  }
  TRY_ASSIGN(Operation back, surgeon.remove(operation.from));
  Value moved = back.value;
  undo.push_back(std::move(back));
  TRY_ASSIGN(Operation out, surgeon.add(operation.path, std::move(moved)));
  undo.push_back(std::move(out));
  return {};
}

Result<> run(Surgeon& surgeon, const Operation& operation, Patch& undo) {
  switch (operation.op) {
    case Op::add: {
      TRY_ASSIGN(Operation back, surgeon.add(operation.path, operation.value));
      undo.push_back(std::move(back));
      return {};
    }
    case Op::remove: {
      TRY_ASSIGN(Operation back, surgeon.remove(operation.path));
      undo.push_back(std::move(back));
      return {};
    }
    case Op::replace: {
      TRY_ASSIGN(Operation back, surgeon.replace(operation.path, operation.value));
      undo.push_back(std::move(back));
      return {};
    }
    case Op::move:
      return run_move(surgeon, operation, undo);
    case Op::copy: {
      TRY_ASSIGN(Value value, surgeon.copy_of(operation.from));
      TRY_ASSIGN(Operation back, surgeon.add(operation.path, std::move(value)));
      undo.push_back(std::move(back));
      return {};
    }
    case Op::test: {
      TRY_ASSIGN(Value found, surgeon.copy_of(operation.path));
      if (equal_by_value(found, operation.value)) return {};
      return fail(
          Errc::conflict,
          fmt::format("the value at {} is not the expected one", quote(operation.path.text())));
    }
  }
  return fail(Errc::invalid_params, "unknown operation");
}

void take_back(Surgeon& surgeon, Patch& undo) {
  for (auto back = undo.rbegin(); back != undo.rend(); ++back) {
    switch (back->op) {
      case Op::add:
        (void)surgeon.add(back->path, std::move(back->value));
        break;
      case Op::remove:
        (void)surgeon.remove(back->path);
        break;
      default:
        (void)surgeon.replace(back->path, std::move(back->value));
    }
  }
}

bool is_number(const Value& value) {
  return value.integer() != nullptr || value.unsigned_integer() != nullptr ||
         value.real() != nullptr;
}

/// Whether the integer `whole` (negative or not) is exactly `real`.
template <typename Integer>
bool same_number(Integer whole, double real) {
  const double limit = std::is_signed_v<Integer> ? 0x1p63 : 0x1p64;
  if (real != std::trunc(real) || real >= limit ||
      real < (std::is_signed_v<Integer> ? -limit : 0)) {
    return false;
  }
  return static_cast<Integer>(real) == whole;
}

bool equal_numbers(const Value& left, const Value& right) {
  if (left.real() != nullptr && right.real() == nullptr) return equal_numbers(right, left);
  if (right.real() == nullptr || left.real() != nullptr) return left == right;
  if (left.integer() != nullptr) return same_number(*left.integer(), *right.real());
  return same_number(*left.unsigned_integer(), *right.real());
}

}  // namespace

std::string_view op_name(Op op) {
  return kNames[static_cast<std::size_t>(op)];
}

Result<Patch> patch_from(const Value& value) {
  const Array* items = value.array();
  if (items == nullptr) return fail(Errc::invalid_params, "a patch must be an array");
  Patch patch;
  patch.reserve(items->size());
  for (const Value& item : *items) {
    auto operation = operation_from(item);
    if (!operation) {
      return fail(std::move(operation).error().context(fmt::format("operation {}", patch.size())));
    }
    patch.push_back(std::move(*operation));
  }
  return patch;
}

void write(Writer& out, const Patch& patch) {
  out.start_array();
  for (const Operation& operation : patch) {
    out.start_object();
    out.key("op");
    out.string(op_name(operation.op));
    out.key("path");
    out.string(operation.path.text());
    if (needs_from(operation.op)) {
      out.key("from");
      out.string(operation.from.text());
    }
    if (needs_value(operation.op)) {
      out.key("value");
      out.value(operation.value);
    }
    out.end_object();
  }
  out.end_array();
}

std::string write(const Patch& patch) {
  std::string text;
  Writer out(text);
  write(out, patch);
  return text;
}

Result<> apply_patch(Value& document, const Patch& patch) {
  Surgeon surgeon(document);
  Patch undo;
  for (std::size_t i = 0; i < patch.size(); ++i) {
    auto done = run(surgeon, patch[i], undo);
    if (done) continue;
    take_back(surgeon, undo);
    return fail(std::move(done).error().context(fmt::format("operation {}", i)));
  }
  return {};
}

Result<> apply_one(Value& document, Op op, const Pointer& path, Value value) {
  Surgeon surgeon(document);
  switch (op) {
    case Op::add:
      TRY(surgeon.add(path, std::move(value)));
      return {};
    case Op::remove:
      TRY(surgeon.remove(path));
      return {};
    case Op::replace:
      TRY(surgeon.replace(path, std::move(value)));
      return {};
    default:
      return fail(Errc::invalid_params, "only add, remove and replace");
  }
}

bool equal_by_value(const Value& left, const Value& right) {
  if (is_number(left) && is_number(right)) return equal_numbers(left, right);
  if (left.array() != nullptr && right.array() != nullptr) {
    return std::equal(left.array()->begin(),
                      left.array()->end(),
                      right.array()->begin(),
                      right.array()->end(),
                      equal_by_value);
  }
  if (left.object() != nullptr && right.object() != nullptr) {
    return std::equal(left.object()->begin(),
                      left.object()->end(),
                      right.object()->begin(),
                      right.object()->end(),
                      [](const auto& a, const auto& b) {
                        return a.first == b.first && equal_by_value(a.second, b.second);
                      });
  }
  return left == right;
}

}  // namespace engine::json
