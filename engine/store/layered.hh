#pragma once

#include "base/result.hh"
#include "json/patch.hh"
#include "json/pointer.hh"
#include "json/value.hh"
#include "json/writer.hh"
#include "store/document.hh"

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace engine::store {

struct Node;
using NodePtr = std::shared_ptr<Node>;

/// Edited members by name; null for those taken out. Copied when frozen only. A copy costs what was
/// edited since the last one, not all there is: the rest is shared, so that a layer may be
/// published after every change.
class MemberEdits {
 public:
  MemberEdits() = default;
  MemberEdits(const MemberEdits& other);
  MemberEdits& operator=(const MemberEdits&) = delete;

  /// Null if the member was not edited. Valid until the next `set`.
  [[nodiscard]] const NodePtr* find(std::string_view name) const;
  void set(const std::string& name, NodePtr node);
  /// Calls `visit(name, node)` in byte order of the names, until it fails.
  Result<> each(const std::function<Result<>(const std::string&, const NodePtr&)>& visit) const;
  /// Calls `visit(node)` for those edited since the copy.
  template <typename Visit>
  void each_recent(Visit visit) const {
    for (const auto& [name, node] : recent_)
      visit(node);
  }

 private:
  using Map = std::map<std::string, NodePtr, std::less<>>;
  std::shared_ptr<const Map> shared_;
  Map recent_;  ///< wins over `shared_`
};

/// Edits of an object.
struct ObjectEdits {
  MemberEdits members;
  std::ptrdiff_t growth = 0;  ///< members there are more than below
};

/// A stretch of an edited array: `count` elements of the array below from `from` on; or one element
/// of its own, which changes element `from` below if `count` is 1 and is new if it is 0.
struct Piece {
  std::size_t from = 0;
  std::size_t count = 0;
  NodePtr own = {};
  [[nodiscard]] std::size_t size() const { return own ? 1 : count; }
};

/// Edits of an array, as the list of what it consists of now.
struct ArrayEdits {
  std::vector<Piece> pieces;
  std::size_t size = 0;
};

/// A place that differs from the document below: a whole new value, or edits of a container there.
/// Frozen nodes are shared between threads and never change again.
struct Node {
  std::variant<json::Value, ObjectEdits, ArrayEdits> content;
  bool frozen = false;
};

/// What turns one document into another, and back.
struct Change {
  json::Patch patch;  ///< `add`, `remove` and `replace` only, in document order
  /// JSON array of what each `remove` and `replace` takes away, in their order. For an operation
  /// and its value, undoing it: `add` is undone by removing, `replace` by putting the value back,
  /// `remove` by adding it.
  std::string taken;
};

/// A document with edits laid over it: reads see them, the document below stays as it is. Reading
/// and editing cost the depth of the path and the width of the edits, whatever the document's size.
/// Used by one thread; `Base` is Document or again a Layered, and outlives this.
template <typename Base>
class Layered {
 public:
  using Below = typename Base::Place;
  /// Edits and the container they belong to.
  struct Over {
    const Node* node;
    Below below;
  };
  using Place = std::variant<Below, const json::Value*, Over>;

  explicit Layered(const Base& base, NodePtr edits = {}) : base_(base), edits_(std::move(edits)) {}

  /// The same reading functions as Document.
  [[nodiscard]] Result<Place> root() const;
  [[nodiscard]] Result<std::optional<Place>> child(const Place& place,
                                                   std::string_view token) const;
  [[nodiscard]] Result<Shape> shape(const Place& place) const;
  [[nodiscard]] Result<json::Value> value(const Place& place) const;
  Result<> write(const Place& place, json::Writer& out) const;
  [[nodiscard]] Result<std::vector<std::string>> names(const Place& place) const;

  /// What `pointer` names, or nothing.
  [[nodiscard]] Result<std::optional<Place>> find(const json::Pointer& pointer) const {
    return find(pointer.tokens());
  }
  [[nodiscard]] Result<std::optional<Place>> find(std::span<const std::string> tokens) const;

  /// Carries out an `add`, `remove` or `replace` as RFC 6902 says. On error nothing has changed.
  /// ERRORS: as json::apply_patch; Errc::corrupt.
  Result<> edit(json::Op op, const json::Pointer& path, json::Value value);

  /// The shortest reasonable patch that turns the document below into this one; empty if the edits
  /// have no effect. Operations that move array elements say so.
  [[nodiscard]] Result<Change> change() const;

  /// What the edits do to the document below, as operations in document order. It is not looked at
  /// whether they change anything.
  [[nodiscard]] Result<json::Patch> operations() const;

  /// The edits so far, frozen: they may be shared, and later edits copy what they touch.
  NodePtr freeze();
  /// Goes back to edits that `freeze` gave.
  void restore(NodePtr edits) { edits_ = std::move(edits); }

 private:
  using MaybeBelow = std::optional<Below>;
  static void own(NodePtr& slot);
  class Under;
  Result<> open(NodePtr& slot, Under& under, const json::Pointer& path) const;
  Result<> edit_at(NodePtr& slot,
                   Under& under,
                   std::size_t depth,
                   json::Op op,
                   const json::Pointer& path,
                   json::Value& value);
  Result<> edit_object(ObjectEdits& edits,
                       Under& under,
                       std::size_t depth,
                       json::Op op,
                       const json::Pointer& path,
                       json::Value& value);
  Result<> edit_array(ArrayEdits& edits,
                      Under& under,
                      std::size_t depth,
                      json::Op op,
                      const json::Pointer& path,
                      json::Value& value);
  Place place_of(const Node& node, const MaybeBelow& below) const;
  /// A Change in the making, or mere operations if `taken` is null.
  struct Collected {
    json::Patch patch;
    json::Writer* taken = nullptr;
  };
  Result<> take(const Below& below, Collected& into) const;
  Result<> collect(const Node& node,
                   const Below& below,
                   const json::Pointer& at,
                   Collected& into) const;
  Result<> collect_array(const ArrayEdits& edits,
                         const Below& below,
                         const json::Pointer& at,
                         Collected& into) const;

  const Base& base_;
  NodePtr edits_;
};

extern template class Layered<Document>;
extern template class Layered<Layered<Document>>;

/// The document with the changes that are visible but not yet in the file.
using View = Layered<Document>;
/// A view with the edits of one mutation.
using Draft = Layered<View>;

}  // namespace engine::store
