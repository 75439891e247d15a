#include "store/snapshot.hh"

#include "store/snapshot_impl.hh"

#include <fmt/format.h>

namespace engine::store {

Error nothing_at(const json::Pointer& pointer) {
  return {.code = Errc::not_found,
          .message = fmt::format("nothing at {}", json::quote(pointer.text()))};
}

Error no_object_at(const json::Pointer& pointer) {
  return {.code = Errc::invalid_params,
          .message = fmt::format("the value at {} is not an object", json::quote(pointer.text()))};
}

std::string_view kind_name(const json::Value& value) {
  if (value.is_null()) return "null";
  if (value.string() != nullptr) return "string";
  if (value.array() != nullptr) return "array";
  if (value.object() != nullptr) return "object";
  return value.boolean() != nullptr ? "boolean" : "number";
}

Snapshot::Snapshot(std::unique_ptr<SnapshotImpl> impl) : impl_(std::move(impl)) {}
Snapshot::Snapshot(Snapshot&&) noexcept = default;
Snapshot& Snapshot::operator=(Snapshot&&) noexcept = default;
Snapshot::~Snapshot() = default;

/// The state is read first: a transaction begun later is at least as new. If it is newer, a commit
/// has come between, which put all that was pending into the file.
Result<Snapshot> Snapshot::take(Env& env, const Published& published, OpenSnapshots& open) {
  StatePtr state = published.get();
  TRY_ASSIGN(ReadTxn txn, env.read());
  if (txn.id() == state->txn_id) {
    const RevisionId revision = state->revision;
    if (state->pending == nullptr) state = nullptr;
    return Snapshot(
        std::make_unique<SnapshotImpl>(open, std::move(txn), revision, std::move(state)));
  }
  TRY_ASSIGN(const Head head, load_head(txn.txn()));
  return Snapshot(std::make_unique<SnapshotImpl>(open, std::move(txn), head.revision, nullptr));
}

RevisionId Snapshot::revision() const {
  return impl_->revision;
}

Result<std::optional<json::Value>> Snapshot::get(const json::Pointer& pointer) const {
  TRY_ASSIGN(const auto held, impl_->hold());
  return get_at(impl_->view, pointer);
}

Result<bool> Snapshot::exists(const json::Pointer& pointer) const {
  TRY_ASSIGN(const auto held, impl_->hold());
  TRY_ASSIGN(const auto place, impl_->view.find(pointer));
  return place.has_value();
}

Result<std::vector<std::string>> Snapshot::keys(const json::Pointer& pointer) const {
  TRY_ASSIGN(const auto held, impl_->hold());
  return keys_at(impl_->view, pointer);
}

Result<std::string_view> Snapshot::kind(const json::Pointer& pointer) const {
  TRY_ASSIGN(const auto held, impl_->hold());
  return kind_at(impl_->view, pointer);
}

Result<std::size_t> Snapshot::size(const json::Pointer& pointer) const {
  TRY_ASSIGN(const auto held, impl_->hold());
  return size_at(impl_->view, pointer);
}

Result<> Snapshot::write(const json::Pointer& pointer, json::Writer& out) const {
  TRY_ASSIGN(const auto held, impl_->hold());
  TRY_ASSIGN(const auto place, impl_->view.find(pointer));
  if (!place) return fail(nothing_at(pointer));
  return impl_->view.write(*place, out);
}

}  // namespace engine::store
