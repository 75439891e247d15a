#pragma once

#include "archive/commitment.hh"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace engine::archive {

enum class EntryType : std::uint8_t { missing = 0, file = 1, directory = 2 };

/// `missing`, `file` or `directory`.
std::string_view type_name(EntryType type);

/// One row of a directory table. The type is not authenticated: check that it is what you expect.
struct Entry {
  std::string name;
  EntryType type = EntryType::missing;
  Digest hash = {};              ///< of the file's bytes, or the directory's sighash
  std::uint64_t size = 0;        ///< of the file; or the largest table the directory may have
  std::uint64_t position = 0;    ///< absolute; not for missing entries
  std::uint64_t table_size = 0;  ///< stored table of a directory

  bool operator==(const Entry&) const = default;
};

inline constexpr std::size_t kMaxName = 1U << 20U;
inline constexpr unsigned kMaxDepth = 64;
inline constexpr std::uint64_t kMaxEntries = 1U << 20U;
inline constexpr std::uint64_t kMaxRootWithoutCommitment = 1U << 20U;

/// Why `name` cannot be a file name in a package; empty if it can.
std::string_view name_problem(std::string_view name);

/// Parses the whole of `bytes` into rows sorted by name. `path` is the directory and `position` the
/// place of the table in the file, for messages.
/// Follows nothing and allocates no more than the rows that are there.
/// ERRORS: Errc::parse_s9pk, stage table.
Result<std::vector<Entry>> parse_table(ByteView bytes,
                                       std::string_view path,
                                       std::uint64_t position = 0);

/// The stored form of `rows`, in the order given.
Bytes encode_table(std::span<const Entry* const> rows);

/// Length of one row in a stored table.
std::uint64_t row_length(const Entry& entry);

/// Hash of a directory. REQUIRES: `rows` sorted by name.
Digest sighash(std::span<const Entry> rows);

}  // namespace engine::archive
