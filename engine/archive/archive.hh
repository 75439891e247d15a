#pragma once

#include "archive/fault.hh"
#include "archive/header.hh"
#include "archive/sink.hh"
#include "archive/source.hh"
#include "archive/table.hh"
#include "crypto/blake3.hh"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace engine::archive {

/// Bounds on what a package may cost before it is refused.
struct Limits {
  std::uint64_t max_table = 16U << 20U;        ///< bytes of one table below the root
  std::uint64_t max_all_tables = 256U << 20U;  ///< bytes of all tables read, shared ones once
  std::uint64_t max_entries = kMaxEntries;     ///< rows met in a walk, of shared tables each time
  unsigned max_depth = kMaxDepth;              ///< directory levels below the root
};

struct OpenOptions {
  std::optional<Commitment> commitment = std::nullopt;  ///< what the package must be
  Limits limits = {};
};

/// Whether a package whose header says `own` may be taken for `wanted`; without a commitment only
/// the root table's size is bounded. ERRORS: Errc::validate_s9pk, stage commitment.
Result<> check_commitment(const Commitment& own, const std::optional<Commitment>& wanted);

/// A signed package file, opened for reading. Nothing it returns is unverified: the header's
/// signature and the root table are checked by `open`, every further table when it is first needed,
/// file content whenever it is read.
///
/// Resource type; any thread. Paths are relative, with "/" between names; "" is the root.
/// Errors carry the stage and the place (see fault.hh).
class Archive {
 public:
  /// ERRORS: Errc::parse_s9pk, Errc::invalid_signature, Errc::validate_s9pk; those of the source.
  static Result<std::shared_ptr<const Archive>> open(std::shared_ptr<const ByteSource> source,
                                                     OpenOptions options = {});
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;
  ~Archive();

  [[nodiscard]] const Commitment& commitment() const { return header_.root; }
  [[nodiscard]] const crypto::PublicKey& signer() const { return header_.signer; }
  [[nodiscard]] const crypto::Signature& signature() const { return header_.signature; }
  [[nodiscard]] const ByteSource& source() const { return *source_; }

  /// The row of `path`, of whatever type. ERRORS: Errc::not_found; as for `open`.
  Result<Entry> find(std::string_view path) const;
  /// The rows of a directory, by name. ERRORS: Errc::not_found also if it is not a directory.
  Result<std::vector<Entry>> list(std::string_view path = "") const;

  /// Calls `visit` for every entry below the root, depth first in name order, a directory before
  /// what it holds; reads and checks every table on the way. Stops at the first failure.
  using Visitor = std::function<Result<>(const std::string& path, const Entry& entry)>;
  Result<> walk(const Visitor& visit) const;

  /// The content of a present file of at most `max_size` bytes, verified.
  /// ERRORS: Errc::not_found; Errc::validate_s9pk, stage file; those of the source.
  Result<std::string> read_file(std::string_view path, std::uint64_t max_size = 16U << 20U) const;

  /// Reads the section of a file entry and compares its hash. With `copy_to`, the very bytes that
  /// were hashed are written there from offset 0; they count only if this succeeds.
  /// ERRORS: as for `read_file`; those of the sink; Errc::cancelled.
  Result<> verify(std::string_view path,
                  const Entry& entry,
                  const crypto::HashOptions& options = {},
                  ByteSink* copy_to = nullptr) const;

 private:
  struct Table;
  /// Position, stored size, signed size, hash: what makes two tables one.
  using TableKey = std::tuple<std::uint64_t, std::uint64_t, std::uint64_t, Digest>;
  Archive(std::shared_ptr<const ByteSource> source, Header header, Limits limits);

  Result<const Table*> load(const Entry& row, std::string_view path) const;
  Result<Bytes> read_table(const Entry& row, std::string_view path) const;
  Result<> charge(Place place, std::uint64_t bytes, std::uint64_t entries) const;
  Result<const Table*> child(const Table& parent,
                             std::size_t index,
                             std::string_view path,
                             unsigned depth) const;
  Result<const Table*> directory(std::string_view path) const;
  Result<> measure(const Table& table, const std::string& path, unsigned depth) const;
  Result<> walk_in(const Table& table, const std::string& path, const Visitor& visit) const;

  std::shared_ptr<const ByteSource> source_;
  Header header_;
  Limits limits_;
  const Table* root_ = nullptr;
  // Guards what reading lazily changes: the tables, what they know of those below, and the sums.
  mutable std::mutex mutex_;
  mutable std::map<TableKey, std::unique_ptr<Table>> tables_;
  mutable std::uint64_t entries_seen_ = 0;
  mutable std::uint64_t table_bytes_seen_ = 0;
};

}  // namespace engine::archive
