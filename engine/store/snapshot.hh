#pragma once

#include "base/result.hh"
#include "json/pointer.hh"
#include "json/value.hh"
#include "json/writer.hh"
#include "store/revision.hh"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace engine::store {

class Env;
class Mutation;
class OpenSnapshots;
class Published;
struct SnapshotImpl;

/// The document as of one revision; never changes and never waits for a writer. Move-only; used by
/// one thread at a time, destroyed on any. REQUIRES: destroyed before its store.
///
/// While one lives, the file cannot reuse the space of what changed since: keep it for a request,
/// not for a session. One that is older than StoreOptions::snapshot_age ends with the next commit;
/// reading it then is Errc::timeout.
class Snapshot {
 public:
  Snapshot(Snapshot&&) noexcept;
  Snapshot& operator=(Snapshot&&) noexcept;
  ~Snapshot();

  [[nodiscard]] RevisionId revision() const;

  /// The value at `pointer`, or nothing; null is a value. ERRORS (here and below): Errc::corrupt.
  [[nodiscard]] Result<std::optional<json::Value>> get(const json::Pointer& pointer) const;
  [[nodiscard]] Result<bool> exists(const json::Pointer& pointer) const;
  /// The names of the members of an object, in byte order.
  /// ERRORS: Errc::not_found if there is nothing, Errc::invalid_params if it is no object.
  [[nodiscard]] Result<std::vector<std::string>> keys(const json::Pointer& pointer) const;
  /// What kind of value is there: `object`, `array`, `string`, `number`, `boolean`, `null`; empty
  /// if there is nothing.
  [[nodiscard]] Result<std::string_view> kind(const json::Pointer& pointer) const;
  /// The number of members or elements; 0 for scalars. ERRORS: Errc::not_found.
  [[nodiscard]] Result<std::size_t> size(const json::Pointer& pointer) const;
  /// Writes the value at `pointer`, members in byte order, without building a tree.
  /// ERRORS: Errc::not_found.
  Result<> write(const json::Pointer& pointer, json::Writer& out) const;

 private:
  friend class Mutation;
  friend class Store;
  explicit Snapshot(std::unique_ptr<SnapshotImpl> impl);
  static Result<Snapshot> take(Env& env, const Published& published, OpenSnapshots& open);

  std::unique_ptr<SnapshotImpl> impl_;
};

}  // namespace engine::store
