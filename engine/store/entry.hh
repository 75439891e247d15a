#pragma once

#include "base/result.hh"
#include "store/env.hh"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

struct MDB_cursor;
struct MDB_val;

namespace engine::store {

/// Every value in every table is sealed: four bytes CRC-32C over key and payload, then the payload.
/// These are the only functions that read or write values.

/// The payload at `key`, or nothing. Valid until the transaction ends or writes.
/// ERRORS: Errc::corrupt naming table and key if the seal is broken.
Result<std::optional<std::string_view>> load(const Txn& txn, Table table, std::string_view key);

/// ERRORS: Errc::no_space when the map is full (the transaction must be aborted then).
Result<> save(const Txn& txn, Table table, std::string_view key, std::string_view payload);

/// As `save`, behind the last key of the table: pages become full instead of being split in the
/// middle. ERRORS: also Errc::filesystem if `key` does not come last.
Result<> append(const Txn& txn, Table table, std::string_view key, std::string_view payload);

/// Deletes an entry. ERRORS: Errc::corrupt if it is not there.
Result<> erase(const Txn& txn, Table table, std::string_view key);

struct Row {
  std::string_view key;
  std::string_view payload;
};

/// The entries whose keys start with a prefix, in key order; or backwards, from the last on that
/// lies before `start`. One direction a scan. Move nothing, write nothing to the table while
/// scanning, but `erase_current`.
class Scan {
 public:
  /// From `start` on, while keys begin with `prefix`.
  Scan(const Txn& txn, Table table, std::string prefix, std::string_view start);
  Scan(const Txn& txn, Table table, const std::string& prefix) : Scan(txn, table, prefix, prefix) {}
  Scan(const Scan&) = delete;
  Scan& operator=(const Scan&) = delete;
  ~Scan();

  /// Nothing at the end. ERRORS: Errc::corrupt.
  Result<std::optional<Row>> next();
  Result<std::optional<Row>> previous();
  /// As `next`, but takes the payload as it is: reading a big one costs nothing then.
  Result<std::optional<Row>> next_unproven();
  /// Of the entry come to last, also where its value was found damaged; empty if there is none.
  [[nodiscard]] std::string_view key() const { return key_; }
  /// Deletes the row `next` gave last.
  Result<> erase_current();

 private:
  Result<std::optional<Row>> next_sealed();
  Result<std::optional<Row>> previous_sealed();
  Result<std::optional<Row>> sealed(int code, const MDB_val& key, const MDB_val& value);
  Result<std::optional<Row>> opened(Result<std::optional<Row>> row) const;

  Txn txn_;
  Table table_;
  std::string prefix_;
  std::string start_;
  std::string_view key_;
  MDB_cursor* cursor_ = nullptr;
  bool started_ = false;
};

/// The last key of a table, or nothing if it is empty.
Result<std::optional<std::string>> last_key(const Txn& txn, Table table);

/// Unsigned integers in keys (big-endian, so that they sort) and in payloads (little-endian).
void append_key(std::string& out, std::uint64_t number);
void put_key(char* out, std::uint64_t number);
std::uint64_t key_number(std::string_view key);
void append_number(std::string& out, std::uint64_t number, std::size_t bytes = 8);
/// REQUIRES: at least `bytes` bytes at `offset`.
std::uint64_t number_at(std::string_view payload, std::size_t offset, std::size_t bytes = 8);

}  // namespace engine::store
