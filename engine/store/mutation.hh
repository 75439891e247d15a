#pragma once

#include "base/result.hh"
#include "json/patch.hh"
#include "json/pointer.hh"
#include "json/value.hh"
#include "json/writer.hh"
#include "store/revision.hh"
#include "store/snapshot.hh"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace engine::store {

/// What a mutation wants to have happened, and what it relied on.
struct ChangeSet {
  RevisionId base = 0;  ///< the revision it saw
  json::Patch patch;    ///< empty if there is nothing to change
  std::string text;     ///< `patch` encoded
  std::vector<Touch> touched;
  std::vector<Footprint> seen;
  std::string taken;  ///< as in Revision
  Origin origin;
  std::optional<RevisionRange> reverts;
  std::optional<std::string> schema;  ///< as in Revision; makes a revision even of no change
};

/// A change in the making: reads come from a snapshot with the edits so far, and both are recorded.
/// Nothing is visible to others until the change set is committed. Move-only; used by one thread.
///
/// Limits (each an error before anything changes): nesting 128, keys 64 KiB, strings 16 MiB,
/// 1,000,000 members or elements, 16 MiB of patch text; text must be UTF-8 and numbers finite.
class Mutation {
 public:
  explicit Mutation(Snapshot snapshot);
  Mutation(Mutation&&) noexcept;
  Mutation& operator=(Mutation&&) noexcept;
  ~Mutation();

  [[nodiscard]] RevisionId base() const;

  /// As Snapshot's, with the edits so far.
  Result<std::optional<json::Value>> get(const json::Pointer& pointer);
  Result<bool> exists(const json::Pointer& pointer);
  Result<std::vector<std::string>> keys(const json::Pointer& pointer);
  Result<std::string_view> kind(const json::Pointer& pointer);
  Result<std::size_t> size(const json::Pointer& pointer);
  Result<> write(const json::Pointer& pointer, json::Writer& out);

  /// Makes the value at `path` this one, whether there is one or not. The parent must exist; `-` or
  /// the length appends to an array. ERRORS (here and below): Errc::not_found,
  /// Errc::invalid_params, Errc::request_too_large, Errc::utf8, Errc::corrupt.
  Result<> put(const json::Pointer& path, json::Value value);
  /// As `add` of RFC 6902: into an array before the element there.
  Result<> insert(const json::Pointer& path, json::Value value);
  Result<> remove(const json::Pointer& path);
  /// All six operations of RFC 6902, strictly; all or none. ERRORS: also Errc::conflict for a
  /// failed `test`.
  Result<> apply(const json::Patch& patch);

  /// Has the log say that the change undoes those of `range`, and does nothing else.
  void mark_reverting(RevisionRange range);

  /// Changes what the store says of its schema (Store::schema) together with the document.
  /// REQUIRES: a durable commit.
  void set_schema(std::string text);

  /// Makes the change depend on everything: any other change since `base` is a conflict.
  void rely_on_everything();

  /// The net effect of all edits. The mutation is used up. ERRORS: Errc::request_too_large.
  Result<ChangeSet> finish() &&;

 private:
  struct Impl;
  Result<> apply_one(const json::Operation& operation);
  [[nodiscard]] Result<bool> moves_elements(json::Op op, const json::Pointer& path) const;
  Result<> edit(json::Op op, const json::Pointer& path, json::Value value);

  std::unique_ptr<Impl> impl_;
};

}  // namespace engine::store
