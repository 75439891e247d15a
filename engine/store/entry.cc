#include "store/entry.hh"

#include "base/bytes.hh"
#include "store/checksum.hh"

#include <fmt/format.h>
#include <lmdb.h>

#include <array>
#include <bit>
#include <cstring>

namespace engine::store {
namespace {

constexpr std::size_t kSeal = 4;
constexpr std::array<std::string_view, kTables> kNames = {"meta", "nodes", "revs"};

/// `number` turned from this machine's byte order to `order`, or back.
std::uint64_t in_order(std::uint64_t number, std::endian order) {
  return order == std::endian::native ? number : __builtin_bswap64(number);
}

MDB_val as_val(std::string_view text) {
  return {text.size(), const_cast<char*>(text.data())};
}
std::string_view as_view(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

tl::unexpected<Error> damaged(Table table, std::string_view key, std::string_view how) {
  return fail(Error{.code = Errc::corrupt,
                    .message = fmt::format("the store is damaged: {} in table {} at key {}",
                                           how,
                                           kNames[static_cast<std::size_t>(table)],
                                           to_hex(as_bytes(key))),
                    .hint = "check the disk, then restore a backup of the store"});
}

tl::unexpected<Error> failed(Table table, std::string_view what, int code) {
  Errc kind = Errc::filesystem;
  if (code == MDB_MAP_FULL || code == ENOSPC) kind = Errc::no_space;
  if (code == MDB_CORRUPTED || code == MDB_PAGE_NOTFOUND || code == MDB_NOTFOUND) {
    kind = Errc::corrupt;
  }
  return fail(Error{
      .code = kind,
      .message = fmt::format(
          "{} table {}: {}", what, kNames[static_cast<std::size_t>(table)], mdb_strerror(code)),
      .debug = std::string(code == MDB_MAP_FULL ? kMapFull : "")});
}

std::uint32_t seal_of(std::string_view key, std::string_view payload) {
  return crc32c(payload, crc32c(key));
}

Result<std::string_view> unseal(Table table, std::string_view key, std::string_view sealed) {
  if (sealed.size() < kSeal) return damaged(table, key, "a value is cut off");
  const std::string_view payload = sealed.substr(kSeal);
  if (number_at(sealed, 0, kSeal) != seal_of(key, payload)) {
    return damaged(table, key, "a checksum does not match");
  }
  return payload;
}

Result<> put(
    const Txn& txn, Table table, std::string_view key, std::string_view payload, unsigned how) {
  MDB_val name = as_val(key);
  MDB_val value{payload.size() + kSeal, nullptr};
  const int code = mdb_put(txn.raw, txn.table(table), &name, &value, MDB_RESERVE | how);
  if (code != 0) return failed(table, "writing", code);
  std::string seal;
  append_number(seal, seal_of(key, payload), kSeal);
  char* out = static_cast<char*>(value.mv_data);
  std::memcpy(out, seal.data(), kSeal);
  std::memcpy(out + kSeal, payload.data(), payload.size());
  return {};
}

}  // namespace

Result<std::optional<std::string_view>> load(const Txn& txn, Table table, std::string_view key) {
  MDB_val name = as_val(key);
  MDB_val value{};
  const int code = mdb_get(txn.raw, txn.table(table), &name, &value);
  if (code == MDB_NOTFOUND) return std::nullopt;
  if (code != 0) return failed(table, "reading", code);
  TRY_ASSIGN(const std::string_view payload, unseal(table, key, as_view(value)));
  return payload;
}

Result<> save(const Txn& txn, Table table, std::string_view key, std::string_view payload) {
  return put(txn, table, key, payload, 0);
}

Result<> append(const Txn& txn, Table table, std::string_view key, std::string_view payload) {
  return put(txn, table, key, payload, MDB_APPEND);
}

Result<> erase(const Txn& txn, Table table, std::string_view key) {
  MDB_val name = as_val(key);
  const int code = mdb_del(txn.raw, txn.table(table), &name, nullptr);
  if (code != 0) return failed(table, "deleting from", code);
  return {};
}

Scan::Scan(const Txn& txn, Table table, std::string prefix, std::string_view start)
    : txn_(txn), table_(table), prefix_(std::move(prefix)), start_(start) {}

Scan::~Scan() {
  if (cursor_ != nullptr) mdb_cursor_close(cursor_);
}

/// The next row with the seal still on.
Result<std::optional<Row>> Scan::next_sealed() {
  MDB_val key = as_val(start_);
  MDB_val value{};
  int code = 0;
  if (cursor_ == nullptr) code = mdb_cursor_open(txn_.raw, txn_.table(table_), &cursor_);
  const MDB_cursor_op first = start_.empty() ? MDB_FIRST : MDB_SET_RANGE;
  if (code == 0) code = mdb_cursor_get(cursor_, &key, &value, started_ ? MDB_NEXT : first);
  started_ = true;
  return sealed(code, key, value);
}

/// The row before with the seal still on.
Result<std::optional<Row>> Scan::previous_sealed() {
  MDB_val key = as_val(start_);
  MDB_val value{};
  int code = 0;
  if (cursor_ == nullptr) code = mdb_cursor_open(txn_.raw, txn_.table(table_), &cursor_);
  MDB_cursor_op step = MDB_PREV;
  if (code == 0 && !started_) {
    code = mdb_cursor_get(cursor_, &key, &value, MDB_SET_RANGE);
    if (code == MDB_NOTFOUND) {
      code = 0;
      step = MDB_LAST;
    }
  }
  if (code == 0) code = mdb_cursor_get(cursor_, &key, &value, step);
  started_ = true;
  return sealed(code, key, value);
}

/// What the cursor found, if it still belongs to the scan.
Result<std::optional<Row>> Scan::sealed(int code, const MDB_val& key, const MDB_val& value) {
  key_ = {};
  if (code == MDB_NOTFOUND) return std::nullopt;
  if (code != 0) return failed(table_, "scanning", code);
  const std::string_view name = as_view(key);
  if (!name.starts_with(prefix_)) return std::nullopt;
  key_ = name;
  if (value.mv_size < kSeal) return damaged(table_, name, "a value is cut off");
  return Row{name, as_view(value)};
}

Result<std::optional<Row>> Scan::opened(Result<std::optional<Row>> row) const {
  if (!row || !*row) return row;
  TRY_ASSIGN((*row)->payload, unseal(table_, (*row)->key, (*row)->payload));
  return row;
}

Result<std::optional<Row>> Scan::next() {
  return opened(next_sealed());
}

Result<std::optional<Row>> Scan::previous() {
  return opened(previous_sealed());
}

Result<std::optional<Row>> Scan::next_unproven() {
  TRY_ASSIGN(auto row, next_sealed());
  if (row) row->payload.remove_prefix(kSeal);
  return row;
}

Result<> Scan::erase_current() {
  const int code = mdb_cursor_del(cursor_, 0);
  if (code != 0) return failed(table_, "deleting from", code);
  // The cursor now stands at the row behind; MDB_NEXT takes that into account.
  return {};
}

Result<std::optional<std::string>> last_key(const Txn& txn, Table table) {
  MDB_cursor* cursor = nullptr;
  MDB_val key{};
  MDB_val value{};
  int code = mdb_cursor_open(txn.raw, txn.table(table), &cursor);
  if (code == 0) code = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
  std::optional<std::string> found;
  if (code == 0) found = as_view(key);
  if (cursor != nullptr) mdb_cursor_close(cursor);
  if (code != 0 && code != MDB_NOTFOUND) return failed(table, "reading", code);
  return found;
}

void put_key(char* out, std::uint64_t number) {
  const std::uint64_t sorted = in_order(number, std::endian::big);
  std::memcpy(out, &sorted, sizeof sorted);
}

void append_key(std::string& out, std::uint64_t number) {
  std::array<char, sizeof number> bytes;
  put_key(bytes.data(), number);
  out.append(bytes.data(), bytes.size());
}

std::uint64_t key_number(std::string_view key) {
  std::uint64_t number = 0;
  std::memcpy(&number, key.data(), sizeof number);
  return in_order(number, std::endian::big);
}

void append_number(std::string& out, std::uint64_t number, std::size_t bytes) {
  number = in_order(number, std::endian::little);
  out.append(reinterpret_cast<const char*>(&number), bytes);
}

std::uint64_t number_at(std::string_view payload, std::size_t offset, std::size_t bytes) {
  std::uint64_t number = 0;
  std::memcpy(&number, payload.data() + offset, bytes);
  return in_order(number, std::endian::little);
}

}  // namespace engine::store
