#include "archive/table.hh"

#include "archive/fault.hh"
#include "archive/wire.hh"
#include "json/writer.hh"

#include <algorithm>
#include <array>
#include <optional>

namespace engine::archive {
namespace {

constexpr std::uint64_t kMinRow = 42;

/// Reads the rows of one table, saying at which byte it stopped if it cannot go on.
class TableReader {
 public:
  TableReader(ByteView bytes, std::string_view path, std::uint64_t position)
      : bytes_(bytes), cursor_(bytes), path_(path), position_(position) {}

  Result<std::vector<Entry>> run() {
    const auto count = cursor_.varint();
    if (!count) return refuse(Rule::varint, "its entry count is not readable");
    if (*count > cursor_.left() / kMinRow) {
      return refuse(Rule::entry_count, "it is too short for its entry count");
    }
    std::vector<Entry> rows;
    rows.reserve(static_cast<std::size_t>(*count));
    for (index_ = 0; index_ < *count; ++index_) {
      TRY_ASSIGN(Entry entry, row());
      rows.push_back(std::move(entry));
    }
    mark();
    if (cursor_.left() > 0) {
      return refuse(Rule::trailing_bytes, "bytes are left over after its last entry");
    }
    return sorted(std::move(rows));
  }

 private:
  Result<Entry> row() {
    Entry entry;
    TRY_ASSIGN(entry.name, name());
    const auto hash = cursor_.take(entry.hash.size());
    const auto size = cursor_.u64();
    mark();
    const auto type = cursor_.take(1);
    if (!hash || !size || !type) return refuse_cut();
    std::ranges::copy(*hash, entry.hash.begin());
    entry.size = *size;
    if (type->front() > std::byte{2}) {
      return refuse_row(Rule::entry_type,
                        "has the unknown type " + std::to_string(std::to_integer<int>((*type)[0])));
    }
    entry.type = static_cast<EntryType>(type->front());
    return tail(std::move(entry));
  }

  Result<Entry> tail(Entry entry) {
    if (entry.type == EntryType::missing) return entry;
    const auto position = cursor_.u64();
    if (!position) return refuse_cut();
    entry.position = *position;
    if (entry.type == EntryType::file) return entry;
    const auto table_size = cursor_.u64();
    if (!table_size) return refuse_cut();
    entry.table_size = *table_size;
    return entry;
  }

  Result<std::string> name() {
    mark();
    const auto length = cursor_.varint();
    if (!length) return refuse_row(Rule::varint, "has no readable name length");
    if (*length > kMaxName) return refuse_row(Rule::name_length, "has a name longer than 1 MiB");
    mark();
    const auto bytes = cursor_.take(*length);
    if (!bytes) return refuse_cut();
    const std::string_view text = as_text(*bytes);
    if (const auto problem = name_problem(text); !problem.empty()) {
      return refuse_row(Rule::name, "has a name that " + std::string(problem));
    }
    return std::string(text);
  }

  Result<std::vector<Entry>> sorted(std::vector<Entry> rows) {
    // std::string compares as unsigned bytes, which is the order the hash is taken in.
    std::ranges::sort(rows, {}, &Entry::name);
    const auto twin = std::ranges::adjacent_find(rows, {}, &Entry::name);
    if (twin == rows.end()) return rows;
    seek_second(twin->name);
    return refuse(Rule::duplicate_name, "the name " + json::quote(twin->name) + " occurs twice");
  }

  /// Marks the second row called `wanted` of a table that was read to its end.
  void seek_second(const std::string& wanted) {
    cursor_ = Cursor(bytes_);
    cursor_.varint();
    for (int seen = 0; seen < 2;) {
      const std::uint64_t start = bytes_.size() - cursor_.left();
      if (row()->name == wanted) ++seen;
      mark_ = start;
    }
  }

  /// What is read next is to blame if it is wrong.
  void mark() { mark_ = bytes_.size() - cursor_.left(); }

  tl::unexpected<Error> refuse(Rule rule, const std::string& why) {
    return fail(fault(Errc::parse_s9pk,
                      {.rule = rule, .path = path_, .offset = position_ + mark_},
                      "the table of " + show_path(path_) + " is not valid: " + why,
                      "the package is damaged or forged: get it again from its author"));
  }
  tl::unexpected<Error> refuse_row(Rule rule, const std::string& why) {
    return refuse(rule, "entry " + std::to_string(index_ + 1) + " " + why);
  }
  /// The table ends inside a row.
  tl::unexpected<Error> refuse_cut() {
    mark_ = bytes_.size();
    return refuse_row(Rule::entry_length, "is cut off");
  }

  ByteView bytes_;
  Cursor cursor_;
  std::string_view path_;
  std::uint64_t position_;
  std::uint64_t index_ = 0;
  std::uint64_t mark_ = 0;
};

void append(Bytes& out, ByteView bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

/// The part of a row that the hash covers, up to the type.
void append_row_head(Bytes& out, const Entry& entry) {
  append_varint(out, entry.name.size());
  append(out, as_bytes(entry.name));
  append(out, entry.hash);
  append(out, encode_u64(entry.size));
}

}  // namespace

std::string_view type_name(EntryType type) {
  static constexpr std::array<std::string_view, 3> kNames = {"missing", "file", "directory"};
  return kNames[static_cast<std::size_t>(type)];
}

std::string_view name_problem(std::string_view name) {
  if (name.empty()) return "is empty";
  if (name == "." || name == "..") return "is \".\" or \"..\"";
  if (name.find('/') != std::string_view::npos) return "holds a slash";
  if (name.find('\0') != std::string_view::npos) return "holds a NUL byte";
  if (!json::is_utf8(name)) return "is not valid UTF-8";
  return "";
}

Result<std::vector<Entry>> parse_table(ByteView bytes,
                                       std::string_view path,
                                       std::uint64_t position) {
  return TableReader(bytes, path, position).run();
}

Bytes encode_table(std::span<const Entry* const> rows) {
  Bytes out;
  append_varint(out, rows.size());
  for (const Entry* entry : rows) {
    append_row_head(out, *entry);
    out.push_back(static_cast<std::byte>(entry->type));
    if (entry->type == EntryType::missing) continue;
    append(out, encode_u64(entry->position));
    if (entry->type == EntryType::directory) append(out, encode_u64(entry->table_size));
  }
  return out;
}

std::uint64_t row_length(const Entry& entry) {
  static constexpr std::array<std::uint64_t, 3> kTail = {0, 8, 16};
  return varint_length(entry.name.size()) + entry.name.size() + kMinRow - 1 +
         kTail[static_cast<std::size_t>(entry.type)];
}

Digest sighash(std::span<const Entry> rows) {
  crypto::Blake3 hash;
  Bytes piece;
  append_varint(piece, rows.size());
  for (const Entry& entry : rows) {
    append_row_head(piece, entry);
    piece.push_back(std::byte{0});
    hash.update(piece);
    piece.clear();
  }
  hash.update(piece);
  return hash.digest();
}

}  // namespace engine::archive
