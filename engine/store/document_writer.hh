#pragma once

#include "base/result.hh"
#include "json/patch.hh"
#include "json/value.hh"
#include "store/layout.hh"

#include <cstdint>
#include <vector>

namespace engine::store {

/// Changes the document within a write transaction, one operation at a time; a change costs the
/// entries it touches. Value type; dies with its transaction.
class DocumentWriter {
 public:
  /// `next_container` is the first unused container id and is counted up.
  DocumentWriter(const Txn& txn, std::uint64_t& next_container)
      : txn_(txn), next_container_(next_container) {}

  /// Writes the document of a new store.
  Result<> create(const json::Value& document);

  /// Carries out an `add`, `remove` or `replace` as RFC 6902 says. After an error the transaction
  /// must be aborted.
  /// ERRORS: Errc::not_found, Errc::invalid_params as json::apply_patch; Errc::no_space when the
  /// map is full; Errc::corrupt.
  Result<> apply(const json::Operation& operation);

 private:
  using Chain = std::vector<Address>;

  Result<> replace_document(const json::Value& value);
  Result<> apply_in_text(const json::Operation& operation,
                         std::size_t depth,
                         const Address& at,
                         std::string_view text,
                         const Chain& chain);
  Result<> apply_in_object(const json::Operation& operation,
                           ContainerId object,
                           const Chain& chain);
  Result<> apply_in_array(const json::Operation& operation, ContainerId array, const Chain& chain);
  Result<Found> child_of(const Child& container, std::string_view token);

  Result<> put(const Address& at, const json::Value& value);
  Result<> put_object(const Address& at, const json::Object& members);
  Result<> put_array(const Address& at, const json::Array& elements);
  /// Deletes the containers below a child, not its own entry.
  Result<> drop(const Child& child);
  /// Puts containers that have become small inline, from the innermost outwards.
  Result<> merge(const Chain& chain);
  Result<bool> merge_one(const Address& at);

  Txn txn_;
  std::uint64_t& next_container_;
};

}  // namespace engine::store
