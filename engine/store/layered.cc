#include "store/layered.hh"

#include "json/diff.hh"

#include <fmt/format.h>

#include <algorithm>

namespace engine::store {
namespace {

using json::Op;
using json::Patch;
using json::Pointer;
using json::Value;

tl::unexpected<Error> missing(const Pointer& path) {
  return fail(Errc::not_found, fmt::format("nothing at {}", json::quote(path.text())));
}

NodePtr make_node(Value value) {
  return std::make_shared<Node>(Node{.content = std::move(value)});
}

const Value* child_of(const Value& value, std::string_view token) {
  if (value.is_object()) return value.find(token);
  const json::Array* elements = value.array();
  if (elements == nullptr) return nullptr;
  const auto index = json::array_index(token);
  return index && *index < elements->size() ? &(*elements)[*index] : nullptr;
}

Shape shape_of(const Value& value) {
  if (const json::Object* members = value.object()) return {Kind::object, members->size()};
  if (const json::Array* elements = value.array()) return {Kind::array, elements->size()};
  return {};
}

}  // namespace

/// A place of the document below on the way of an edit. It is looked up when somebody asks for it:
/// where edits lie over edits, nobody does.
template <typename Base>
class Layered<Base>::Under {
 public:
  explicit Under(const Base& base) : base_(base) {}
  Under(Under& above, std::string_view token) : base_(above.base_), above_(&above), token_(token) {}

  /// Nothing if there is no such place.
  Result<MaybeBelow> place() {
    if (looked_up_) return place_;
    if (above_ == nullptr) {
      TRY_ASSIGN(place_, base_.root());
    } else {
      TRY_ASSIGN(const MaybeBelow above, above_->place());
      if (above) {
        TRY_ASSIGN(place_, base_.child(*above, token_));
      }
    }
    looked_up_ = true;
    return place_;
  }

 private:
  const Base& base_;
  Under* above_ = nullptr;
  std::string_view token_;
  bool looked_up_ = false;
  MaybeBelow place_;
};

template <typename Base>
auto Layered<Base>::place_of(const Node& node, const MaybeBelow& below) const -> Place {
  if (const Value* value = std::get_if<Value>(&node.content)) return value;
  return Over{&node, *below};
}

template <typename Base>
auto Layered<Base>::root() const -> Result<Place> {
  TRY_ASSIGN(Below below, base_.root());
  if (edits_ == nullptr) return below;
  return place_of(*edits_, below);
}

template <typename Base>
auto Layered<Base>::child(const Place& place, std::string_view token) const
    -> Result<std::optional<Place>> {
  if (const Below* below = std::get_if<Below>(&place)) {
    TRY_ASSIGN(auto found, base_.child(*below, token));
    if (!found) return std::nullopt;
    return Place(std::move(*found));
  }
  if (const auto* value = std::get_if<const Value*>(&place)) {
    const Value* found = child_of(**value, token);
    if (found == nullptr) return std::nullopt;
    return Place(found);
  }
  const Over& over = std::get<Over>(place);
  if (const auto* object = std::get_if<ObjectEdits>(&over.node->content)) {
    const NodePtr* edited = object->members.find(token);
    if (edited != nullptr && *edited == nullptr) return std::nullopt;
    if (edited != nullptr) {
      if (const Value* value = std::get_if<Value>(&(*edited)->content)) return Place(value);
    }
    TRY_ASSIGN(MaybeBelow below, base_.child(over.below, token));
    if (edited != nullptr) return place_of(**edited, below);
    if (!below) return std::nullopt;
    return Place(std::move(*below));
  }
  const auto& array = std::get<ArrayEdits>(over.node->content);
  const auto index = json::array_index(token);
  if (!index || *index >= array.size) return std::nullopt;
  const auto spot = array.locate(*index);
  const Piece& piece = array.pieces[spot.piece];
  MaybeBelow below;
  if (piece.count > 0) {
    TRY_ASSIGN(below, base_.child(over.below, fmt::to_string(piece.from + spot.offset)));
  }
  if (piece.own) return place_of(*piece.own, below);
  if (!below) return std::nullopt;
  return Place(std::move(*below));
}

template <typename Base>
auto Layered<Base>::find(std::span<const std::string> tokens) const
    -> Result<std::optional<Place>> {
  // As long as members of objects were edited, the place below has the same pointer.
  const Node* node = edits_.get();
  std::size_t depth = 0;
  for (; node != nullptr && depth < tokens.size(); ++depth) {
    const auto* object = std::get_if<ObjectEdits>(&node->content);
    if (object == nullptr) break;
    const NodePtr* edited = object->members.find(tokens[depth]);
    if (edited != nullptr && *edited == nullptr) return std::nullopt;
    node = edited == nullptr ? nullptr : edited->get();
  }
  std::optional<Place> place;
  if (node != nullptr && std::holds_alternative<Value>(node->content)) {
    place = &std::get<Value>(node->content);
  } else {
    TRY_ASSIGN(MaybeBelow below, base_.find(node == nullptr ? tokens : tokens.first(depth)));
    if (node == nullptr) return below ? std::optional<Place>(std::move(*below)) : std::nullopt;
    place = Over{node, std::move(*below)};
  }
  for (; place && depth < tokens.size(); ++depth) {
    TRY_ASSIGN(place, child(*place, tokens[depth]));
  }
  return place;
}

template <typename Base>
Kind Layered<Base>::kind(const Place& place) const {
  if (const Below* below = std::get_if<Below>(&place)) return base_.kind(*below);
  if (const auto* value = std::get_if<const Value*>(&place)) return shape_of(**value).kind;
  const Over& over = std::get<Over>(place);
  return std::holds_alternative<ArrayEdits>(over.node->content) ? Kind::array : Kind::object;
}

template <typename Base>
Result<Shape> Layered<Base>::shape(const Place& place) const {
  if (const Below* below = std::get_if<Below>(&place)) return base_.shape(*below);
  if (const auto* value = std::get_if<const Value*>(&place)) return shape_of(**value);
  const Over& over = std::get<Over>(place);
  if (const auto* array = std::get_if<ArrayEdits>(&over.node->content)) {
    return Shape{Kind::array, array->size};
  }
  TRY_ASSIGN(const Shape shape, base_.shape(over.below));
  const auto growth = static_cast<std::size_t>(std::get<ObjectEdits>(over.node->content).growth);
  return Shape{Kind::object, shape.size + growth};  // growth below zero wraps around and back
}

template <typename Base>
Result<std::vector<std::string>> Layered<Base>::names(const Place& place) const {
  if (const Below* below = std::get_if<Below>(&place)) return base_.names(*below);
  std::vector<std::string> result;
  if (const auto* value = std::get_if<const Value*>(&place)) {
    if (const json::Object* members = (*value)->object()) {
      for (const auto& [name, member] : *members)
        result.push_back(name);
    }
    return result;
  }
  const Over& over = std::get<Over>(place);
  const auto* object = std::get_if<ObjectEdits>(&over.node->content);
  if (object == nullptr) return result;
  TRY_ASSIGN(auto below, base_.names(over.below));
  std::erase_if(below,
                [&](const std::string& name) { return object->members.find(name) != nullptr; });
  std::vector<std::string> edited;
  TRY(object->members.each([&](const std::string& name, const NodePtr& member) -> Result<> {
    if (member != nullptr) edited.push_back(name);
    return {};
  }));
  std::merge(below.begin(), below.end(), edited.begin(), edited.end(), std::back_inserter(result));
  return result;
}

template <typename Base>
Result<Value> Layered<Base>::value(const Place& place) const {
  if (const Below* below = std::get_if<Below>(&place)) return base_.value(*below);
  if (const auto* value = std::get_if<const Value*>(&place)) return **value;
  const Over& over = std::get<Over>(place);
  if (std::holds_alternative<ObjectEdits>(over.node->content)) {
    json::Object members;
    TRY_ASSIGN(const auto all, names(place));
    for (const std::string& name : all) {
      TRY_ASSIGN(const auto member, child(place, name));
      if (!member) continue;
      TRY_ASSIGN(Value inner, this->value(*member));
      members.emplace_hint(members.end(), name, std::move(inner));
    }
    return members;
  }
  json::Array elements;
  for (std::size_t i = 0; i < std::get<ArrayEdits>(over.node->content).size; ++i) {
    TRY_ASSIGN(const auto element, child(place, fmt::to_string(i)));
    if (!element) continue;
    TRY_ASSIGN(Value inner, this->value(*element));
    elements.push_back(std::move(inner));
  }
  return elements;
}

template <typename Base>
Result<> Layered<Base>::write(const Place& place, json::Writer& out) const {
  if (const Below* below = std::get_if<Below>(&place)) return base_.write(*below, out);
  if (const auto* value = std::get_if<const Value*>(&place)) {
    out.value(**value);
    return {};
  }
  const Over& over = std::get<Over>(place);
  if (const auto* array = std::get_if<ArrayEdits>(&over.node->content)) {
    out.start_array();
    for (std::size_t i = 0; i < array->size; ++i) {
      TRY_ASSIGN(const auto element, child(place, fmt::to_string(i)));
      if (element) TRY(write(*element, out));
    }
    out.end_array();
    return {};
  }
  out.start_object();
  TRY_ASSIGN(const auto all, names(place));
  for (const std::string& name : all) {
    TRY_ASSIGN(const auto member, child(place, name));
    if (!member) continue;
    out.key(name);
    TRY(write(*member, out));
  }
  out.end_object();
  return {};
}

template <typename Base>
void Layered<Base>::own(NodePtr& slot) {
  if (slot != nullptr && slot->frozen) {
    slot = std::make_shared<Node>(Node{.content = slot->content});
  }
}

/// Makes `slot` a node of our own whose children can be edited.
template <typename Base>
Result<> Layered<Base>::open(NodePtr& slot, Under& under, const Pointer& path) const {
  own(slot);
  if (slot != nullptr) return {};
  TRY_ASSIGN(const MaybeBelow below, under.place());
  const Kind kind = base_.kind(*below);
  if (kind == Kind::scalar) return missing(path);
  slot = std::make_shared<Node>();
  if (kind == Kind::object) {
    slot->content.emplace<ObjectEdits>();
  } else {
    TRY_ASSIGN(const Shape shape, base_.shape(*below));
    ArrayEdits edits;
    edits.size = shape.size;
    if (shape.size > 0) edits.pieces.push_back({0, shape.size});
    slot->content = std::move(edits);
  }
  return {};
}

template <typename Base>
Result<> Layered<Base>::edit(Op op, const Pointer& path, Value value) {
  if (path.is_root()) {
    if (op == Op::remove) {
      return fail(Errc::invalid_params, "the whole document cannot be removed");
    }
    edits_ = make_node(std::move(value));
    return {};
  }
  Under under(base_);
  return edit_at(edits_, under, 0, op, path, value);
}

template <typename Base>
Result<> Layered<Base>::edit_at(
    NodePtr& slot, Under& under, std::size_t depth, Op op, const Pointer& path, Value& value) {
  NodePtr node = slot;
  TRY(open(node, under, path));
  if (Value* whole = std::get_if<Value>(&node->content)) {
    TRY(json::apply_one(*whole, op, path.without_front(depth), std::move(value)));
  } else if (auto* object = std::get_if<ObjectEdits>(&node->content)) {
    TRY(edit_object(*object, under, depth, op, path, value));
  } else {
    TRY(edit_array(std::get<ArrayEdits>(node->content), under, depth, op, path, value));
  }
  slot = std::move(node);
  return {};
}

template <typename Base>
Result<> Layered<Base>::edit_object(
    ObjectEdits& edits, Under& under, std::size_t depth, Op op, const Pointer& path, Value& value) {
  const std::string& token = path.tokens()[depth];
  const bool last = depth + 1 == path.depth();
  const NodePtr* edited = edits.members.find(token);
  Under inner(under, token);
  bool present = edited != nullptr && *edited != nullptr;
  if (edited == nullptr) {
    TRY_ASSIGN(const MaybeBelow below, inner.place());
    present = below.has_value();
  }
  if (!present && !(last && op == Op::add)) return missing(path);
  if (!last) {
    NodePtr child = edited != nullptr ? *edited : nullptr;
    TRY(edit_at(child, inner, depth + 1, op, path, value));
    edits.members.set(token, std::move(child));
  } else if (op != Op::remove) {
    edits.growth += present ? 0 : 1;
    edits.members.set(token, make_node(std::move(value)));
  } else {
    --edits.growth;
    edits.members.set(token, nullptr);
  }
  return {};
}

template <typename Base>
Result<> Layered<Base>::edit_array(
    ArrayEdits& edits, Under& under, std::size_t depth, Op op, const Pointer& path, Value& value) {
  const std::string& token = path.tokens()[depth];
  const bool last = depth + 1 == path.depth();
  const bool adds = last && op == Op::add;
  auto index = json::array_index(token);
  if (!index && token != "-") {
    return fail(Errc::invalid_params, fmt::format("{} is not an array index", json::quote(token)));
  }
  if (!index && adds) index = edits.size;
  if (!index || *index > edits.size || (*index == edits.size && !adds)) return missing(path);
  if (adds) {
    edits.insert(*index, make_node(std::move(value)));
    return {};
  }
  if (last && op == Op::remove) {
    edits.remove(*index);
    return {};
  }
  Piece& piece = edits.isolate(*index);
  if (last) {
    piece.own = make_node(std::move(value));
    return {};
  }
  const std::string from = fmt::to_string(piece.from);
  Under inner(under, from);
  return edit_at(piece.own, inner, depth + 1, op, path, value);
}

template <typename Base>
Result<Change> Layered<Base>::change() const {
  Change change;
  json::Writer taken(change.taken);
  Collected into{{}, &taken};
  taken.start_array();
  if (edits_ != nullptr) {
    TRY_ASSIGN(const Below below, base_.root());
    TRY(collect(*edits_, below, Pointer(), into));
  }
  taken.end_array();
  TRY(taken.finish());
  change.patch = std::move(into.patch);
  return change;
}

template <typename Base>
Result<Patch> Layered<Base>::operations() const {
  Collected into;
  if (edits_ != nullptr) {
    TRY_ASSIGN(const Below below, base_.root());
    TRY(collect(*edits_, below, Pointer(), into));
  }
  return std::move(into.patch);
}

template <typename Base>
Result<> Layered<Base>::take(const Below& below, Collected& into) const {
  if (into.taken == nullptr) return {};
  return base_.write(below, *into.taken);
}

template <typename Base>
Result<> Layered<Base>::collect(const Node& node,
                                const Below& below,
                                const Pointer& at,
                                Collected& into) const {
  if (const Value* value = std::get_if<Value>(&node.content)) {
    if (into.taken == nullptr) {
      into.patch.push_back({.op = Op::replace, .path = at, .value = *value});
      return {};
    }
    TRY_ASSIGN(const Value before, base_.value(below));
    std::vector<const Value*> taken;
    Patch changes = json::diff(before, *value, at, taken);
    into.patch.insert(into.patch.end(),
                      std::make_move_iterator(changes.begin()),
                      std::make_move_iterator(changes.end()));
    for (const Value* each : taken)
      into.taken->value(*each);
    return {};
  }
  if (const auto* array = std::get_if<ArrayEdits>(&node.content)) {
    return collect_array(*array, below, at, into);
  }
  const auto& members = std::get<ObjectEdits>(node.content).members;
  return members.each([&](const std::string& name, const NodePtr& member) -> Result<> {
    TRY_ASSIGN(const auto under, base_.child(below, name));
    const Pointer path = at.child(name);
    if (member == nullptr) {
      if (!under) return {};
      into.patch.push_back({.op = Op::remove, .path = path});
      return take(*under, into);
    }
    if (under) return collect(*member, *under, path, into);
    into.patch.push_back({.op = Op::add, .path = path, .value = std::get<Value>(member->content)});
    return {};
  });
}

/// Elements below that are gone and new ones in the same gap become changes in place; the rest is
/// taken out or put in.
template <typename Base>
Result<> Layered<Base>::collect_array(const ArrayEdits& edits,
                                      const Below& below,
                                      const Pointer& at,
                                      Collected& into) const {
  TRY_ASSIGN(const Shape shape, base_.shape(below));
  std::size_t out = 0;   // position in the array as patched so far
  std::size_t next = 0;  // first element below not yet accounted for
  std::vector<const Node*> fresh;
  const auto close_gap = [&](std::size_t until) -> Result<> {
    for (const Node* node : fresh) {
      if (next < until) {
        TRY_ASSIGN(const auto under, base_.child(below, fmt::to_string(next++)));
        TRY(collect(*node, *under, at.child(out++), into));
      } else {
        into.patch.push_back({.op = Op::add,
                              .path = at.child(out++),
                              .value = std::get<Value>(node->content),
                              .shifts = true});
      }
    }
    fresh.clear();
    for (; next < until; ++next) {
      into.patch.push_back({.op = Op::remove, .path = at.child(out), .shifts = true});
      TRY_ASSIGN(const auto under, base_.child(below, fmt::to_string(next)));
      TRY(take(*under, into));
    }
    return {};
  };
  for (const Piece& piece : edits.pieces) {
    if (piece.count == 0) {
      fresh.push_back(piece.own.get());
      continue;
    }
    TRY(close_gap(piece.from));
    if (piece.own) {
      TRY_ASSIGN(const auto under, base_.child(below, fmt::to_string(piece.from)));
      TRY(collect(*piece.own, *under, at.child(out), into));
    }
    next = piece.from + piece.count;
    out += piece.count;
  }
  return close_gap(shape.size);
}

template <typename Base>
NodePtr Layered<Base>::freeze() {
  store::freeze(edits_);
  return edits_;
}

template class Layered<Document>;
template class Layered<Layered<Document>>;

}  // namespace engine::store
