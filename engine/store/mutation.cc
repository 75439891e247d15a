#include "store/mutation.hh"

#include "json/writer.hh"
#include "store/snapshot_impl.hh"

#include <fmt/format.h>

#include <cmath>

namespace engine::store {
namespace {

using json::Op;
using json::Pointer;
using json::Value;

constexpr std::size_t kMaxKey = 64UL << 10U;
constexpr std::size_t kMaxString = 16UL << 20U;
constexpr std::size_t kMaxPatch = 16UL << 20U;

tl::unexpected<Error> too_large(std::string_view what) {
  return fail(Errc::request_too_large, fmt::format("the store takes no {}", what));
}

Result<> check_text(std::string_view text) {
  if (!json::is_utf8(text)) return fail(Errc::utf8, "text for the store is not valid UTF-8");
  return {};
}

Result<> check_value(const Value& value, std::size_t depth) {
  if (depth > Pointer::kMaxDepth) return too_large("values nested deeper than 128 levels");
  if (const std::string* text = value.string()) {
    if (text->size() > kMaxString) return too_large("string longer than 16 MiB");
    return check_text(*text);
  }
  if (const double* real = value.real(); real != nullptr && !std::isfinite(*real)) {
    return fail(Errc::serialization, "a number for the store is not finite");
  }
  if (const json::Array* elements = value.array()) {
    if (elements->size() > kMaxChildren) return too_large("array of more than 1,000,000 elements");
    for (const Value& element : *elements)
      TRY(check_value(element, depth + 1));
  } else if (const json::Object* members = value.object()) {
    if (members->size() > kMaxChildren) return too_large("object of more than 1,000,000 members");
    for (const auto& [name, member] : *members) {
      if (name.size() > kMaxKey) return too_large("key longer than 64 KiB");
      TRY(check_text(name));
      TRY(check_value(member, depth + 1));
    }
  }
  return {};
}

}  // namespace

struct Mutation::Impl {
  explicit Impl(Snapshot from) : snapshot(std::move(from)) {}
  Snapshot snapshot;
  std::optional<Draft> draft;
  std::vector<Footprint> seen;
  std::optional<RevisionRange> reverts;
  std::optional<std::string> schema;
};

Mutation::Mutation(Snapshot snapshot) : impl_(std::make_unique<Impl>(std::move(snapshot))) {
  impl_->draft.emplace(impl_->snapshot.impl_->view);
}
Mutation::Mutation(Mutation&&) noexcept = default;
Mutation& Mutation::operator=(Mutation&&) noexcept = default;
Mutation::~Mutation() = default;

RevisionId Mutation::base() const {
  return impl_->snapshot.revision();
}

Result<std::optional<Value>> Mutation::get(const Pointer& pointer) {
  TRY_ASSIGN(const auto held, impl_->snapshot.impl_->hold());
  impl_->seen.push_back({pointer, Seen::all});
  return get_at(*impl_->draft, pointer);
}

Result<bool> Mutation::exists(const Pointer& pointer) {
  TRY_ASSIGN(const auto held, impl_->snapshot.impl_->hold());
  impl_->seen.push_back({pointer, Seen::existence});
  TRY_ASSIGN(const auto place, impl_->draft->find(pointer));
  return place.has_value();
}

Result<std::vector<std::string>> Mutation::keys(const Pointer& pointer) {
  TRY_ASSIGN(const auto held, impl_->snapshot.impl_->hold());
  impl_->seen.push_back({pointer, Seen::names});
  return keys_at(*impl_->draft, pointer);
}

Result<std::string_view> Mutation::kind(const Pointer& pointer) {
  TRY_ASSIGN(const auto held, impl_->snapshot.impl_->hold());
  impl_->seen.push_back({pointer, Seen::existence});
  return kind_at(*impl_->draft, pointer);
}

/// Elements that come or go count as a change of the array itself.
Result<std::size_t> Mutation::size(const Pointer& pointer) {
  TRY_ASSIGN(const auto held, impl_->snapshot.impl_->hold());
  impl_->seen.push_back({pointer, Seen::names});
  return size_at(*impl_->draft, pointer);
}

Result<> Mutation::write(const Pointer& pointer, json::Writer& out) {
  TRY_ASSIGN(const auto held, impl_->snapshot.impl_->hold());
  impl_->seen.push_back({pointer, Seen::all});
  TRY_ASSIGN(const auto place, impl_->draft->find(pointer));
  if (!place) return fail(nothing_at(pointer));
  return impl_->draft->write(*place, out);
}

void Mutation::mark_reverting(RevisionRange range) {
  impl_->reverts = range;
}

void Mutation::set_schema(std::string text) {
  impl_->schema = std::move(text);
}

void Mutation::rely_on_everything() {
  impl_->seen.push_back({Pointer(), Seen::all});
}

/// Whether the edit is of an array, and others of its elements get other indices.
Result<bool> Mutation::moves_elements(Op op, const Pointer& path) const {
  if (op == Op::replace || path.is_root()) return false;
  TRY_ASSIGN(const auto parent, impl_->draft->find(path.parent()));
  if (!parent) return false;
  TRY_ASSIGN(const Shape shape, impl_->draft->shape(*parent));
  if (op == Op::add && shape.size >= kMaxChildren) {
    TRY_ASSIGN(const auto there, impl_->draft->child(*parent, path.last()));
    if (shape.kind == Kind::array || !there) {
      return too_large("more than 1,000,000 members or elements");
    }
  }
  return shape.kind == Kind::array;
}

/// An edit relies on what it replaces; one that moves array elements on the whole array.
Result<> Mutation::edit(Op op, const Pointer& path, Value value) {
  TRY_ASSIGN(const auto held, impl_->snapshot.impl_->hold());
  TRY(check_value(value, path.depth()));
  if (!path.is_root()) {
    if (path.last().size() > kMaxKey) return too_large("key longer than 64 KiB");
  }
  TRY_ASSIGN(const bool moves, moves_elements(op, path));
  impl_->seen.push_back({moves ? path.parent() : path, Seen::all});
  return impl_->draft->edit(op, path, std::move(value));
}

Result<> Mutation::put(const Pointer& path, Value value) {
  TRY_ASSIGN(const auto held, impl_->snapshot.impl_->hold());
  TRY_ASSIGN(const auto place, impl_->draft->find(path));
  return edit(place ? Op::replace : Op::add, path, std::move(value));
}

Result<> Mutation::insert(const Pointer& path, Value value) {
  return edit(Op::add, path, std::move(value));
}

Result<> Mutation::remove(const Pointer& path) {
  return edit(Op::remove, path, {});
}

Result<> Mutation::apply_one(const json::Operation& operation) {
  switch (operation.op) {
    case Op::add:
    case Op::remove:
    case Op::replace:
      return edit(operation.op, operation.path, operation.value);
    case Op::test: {
      TRY_ASSIGN(const auto found, get(operation.path));
      if (!found) return fail(nothing_at(operation.path));
      if (json::equal_by_value(*found, operation.value)) return {};
      return fail(Errc::conflict,
                  fmt::format("the value at {} is not the expected one",
                              json::quote(operation.path.text())));
    }
    case Op::copy:
    case Op::move:
      break;
  }
  const bool moves = operation.op == Op::move;
  if (moves && operation.path != operation.from && operation.path.starts_with(operation.from)) {
    return fail(Errc::invalid_params, "a value cannot be moved into itself");
  }
  TRY_ASSIGN(auto found, get(operation.from));
  if (!found) return fail(nothing_at(operation.from));
  if (moves && operation.path == operation.from) return {};
  if (moves) TRY(remove(operation.from));
  return edit(Op::add, operation.path, std::move(*found));
}

Result<> Mutation::apply(const json::Patch& patch) {
  TRY_ASSIGN(const auto held, impl_->snapshot.impl_->hold());
  const NodePtr before = impl_->draft->freeze();
  for (std::size_t i = 0; i < patch.size(); ++i) {
    auto done = apply_one(patch[i]);
    if (done) continue;
    impl_->draft->restore(before);
    return fail(std::move(done).error().context(fmt::format("operation {}", i)));
  }
  return {};
}

Result<ChangeSet> Mutation::finish() && {
  TRY_ASSIGN(auto held, impl_->snapshot.impl_->hold());
  ChangeSet change;
  change.base = base();
  TRY_ASSIGN(Change made, impl_->draft->change());
  change.patch = std::move(made.patch);
  change.text = json::write(change.patch);
  if (change.text.size() > kMaxPatch) return too_large("change of more than 16 MiB");
  // Undoing is a change, too, and as big as one may be.
  if (made.taken.size() <= kMaxPatch) change.taken = std::move(made.taken);
  change.touched = touched_by(change.patch);
  change.seen = std::move(impl_->seen);
  change.reverts = impl_->reverts;
  change.schema = std::move(impl_->schema);
  held.unlock();
  impl_.reset();
  return change;
}

}  // namespace engine::store
