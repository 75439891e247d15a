#pragma once

#include "base/result.hh"
#include "json/patch.hh"
#include "json/pointer.hh"
#include "json/value.hh"
#include "json/writer.hh"
#include "store/document.hh"
#include "store/edits.hh"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace engine::store {

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
  [[nodiscard]] Kind kind(const Place& place) const;
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
