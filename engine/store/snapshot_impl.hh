#pragma once

#include "store/layered.hh"
#include "store/open_snapshots.hh"
#include "store/snapshot.hh"
#include "store/state.hh"

#include <mutex>
#include <optional>

namespace engine::store {

/// What a Snapshot holds, for the classes of this room that read through it.
struct SnapshotImpl {
  SnapshotImpl(OpenSnapshots& snapshots, ReadTxn read, RevisionId id, StatePtr held)
      : txn(std::move(read)),
        revision(id),
        state(std::move(held)),
        document(txn->txn()),
        view(document, state == nullptr ? nullptr : state->pending),
        open(snapshots),
        place(open.add(*this)) {}
  SnapshotImpl(const SnapshotImpl&) = delete;
  SnapshotImpl& operator=(const SnapshotImpl&) = delete;
  ~SnapshotImpl() { open.remove(place); }

  /// To be held while something is read. Recursive, as some readings consist of others.
  /// ERRORS: Errc::timeout if the snapshot has been ended for its age.
  using Hold = std::unique_lock<std::recursive_mutex>;
  Result<Hold> hold() {
    Hold held(reading);
    if (txn) return held;
    return fail(Error{.code = Errc::timeout,
                      .message = "the snapshot was kept too long and has been ended",
                      .hint = "read what is needed at once, and take another snapshot later"});
  }

  std::recursive_mutex reading;  ///< guards `txn` against being ended
  std::optional<ReadTxn> txn;    ///< nothing once it has been ended
  RevisionId revision;
  StatePtr state;  ///< null if all is in the file
  Document document;
  View view;
  OpenSnapshots& open;
  OpenSnapshots::Place place;
};

/// Reading by pointer, the same for a snapshot and for a mutation's draft.
template <typename Layer>
Result<std::optional<json::Value>> get_at(const Layer& layer, const json::Pointer& pointer) {
  TRY_ASSIGN(const auto place, layer.find(pointer));
  if (!place) return std::nullopt;
  TRY_ASSIGN(json::Value value, layer.value(*place));
  return value;
}

Error nothing_at(const json::Pointer& pointer);
Error no_object_at(const json::Pointer& pointer);

template <typename Layer>
Result<std::vector<std::string>> keys_at(const Layer& layer, const json::Pointer& pointer) {
  TRY_ASSIGN(const auto place, layer.find(pointer));
  if (!place) return fail(nothing_at(pointer));
  if (layer.kind(*place) != Kind::object) return fail(no_object_at(pointer));
  return layer.names(*place);
}

std::string_view kind_name(const json::Value& value);

template <typename Layer>
Result<std::string_view> kind_at(const Layer& layer, const json::Pointer& pointer) {
  TRY_ASSIGN(const auto place, layer.find(pointer));
  if (!place) return std::string_view();
  const Kind kind = layer.kind(*place);
  if (kind != Kind::scalar) return kind == Kind::object ? "object" : "array";
  TRY_ASSIGN(const json::Value value, layer.value(*place));
  return kind_name(value);
}

template <typename Layer>
Result<std::size_t> size_at(const Layer& layer, const json::Pointer& pointer) {
  TRY_ASSIGN(const auto place, layer.find(pointer));
  if (!place) return fail(nothing_at(pointer));
  TRY_ASSIGN(const Shape shape, layer.shape(*place));
  return shape.size;
}

}  // namespace engine::store
