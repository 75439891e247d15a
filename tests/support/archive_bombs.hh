#pragma once

#include "archive/header.hh"
#include "archive/table.hh"
#include "archive/writer.hh"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace engine::test {

/// A small package file that would cost much if it were believed, and the rule that stops it.
struct Bomb {
  std::string name;
  std::string rule;
  Bytes bytes;
};

/// Builds signed package files table by table, whatever they say.
class BombMaker {
 public:
  using Entry = archive::Entry;
  using EntryType = archive::EntryType;

  /// Appends a section; gives where it is.
  std::uint64_t append(ByteView bytes) {
    const std::uint64_t at = archive::kHeaderSize + body_.size();
    body_.insert(body_.end(), bytes.begin(), bytes.end());
    return at;
  }

  /// Appends the table of `rows` and gives the row that names it from above.
  Entry directory(std::string name, std::vector<Entry> rows) {
    std::ranges::sort(rows, {}, &Entry::name);
    std::vector<const Entry*> stored;
    for (const Entry& row : rows)
      stored.push_back(&row);
    const Bytes table = archive::encode_table(stored);
    return {.name = std::move(name),
            .type = EntryType::directory,
            .hash = archive::sighash(rows),
            .size = table.size(),
            .position = append(table),
            .table_size = table.size()};
  }

  static Entry file(std::string name, std::uint64_t position, std::uint64_t size) {
    return {.name = std::move(name), .type = EntryType::file, .size = size, .position = position};
  }

  /// The file whose root is `root`, signed.
  Bytes finish(const Entry& root) const {
    archive::Header header{.table_position = root.position, .table_size = root.table_size};
    header.root = {.root_sighash = root.hash, .root_maxsize = root.size};
    const auto seal =
        archive::seal_with(crypto::SigningKey{crypto::SigningKey::Seed{}})(header.root).value();
    header.signer = seal.signer;
    header.signature = seal.signature;
    const auto head = archive::encode_header(header);
    Bytes out(head.size() + body_.size());
    std::ranges::copy(body_, std::ranges::copy(head, out.begin()).out);
    return out;
  }

 private:
  Bytes body_;
};

/// Directories in each other, `levels` deep, each holding `ways` rows for the one next table.
inline Bytes nested_directories(unsigned levels, unsigned ways) {
  BombMaker maker;
  archive::Entry inner = maker.directory("d0", {});
  for (unsigned level = 1; level < levels; ++level) {
    std::vector<archive::Entry> rows;
    for (unsigned way = 0; way < ways; ++way) {
      rows.push_back(inner);
      rows.back().name = "d" + std::to_string(way);
    }
    inner = maker.directory("d0", std::move(rows));
  }
  return maker.finish(inner);
}

/// A root table that begins with `start` and is filled up with zeros.
inline Bytes root_table(Bytes start, std::size_t size) {
  start.resize(size);
  BombMaker maker;
  archive::Entry root;
  root.position = maker.append(start);
  root.size = root.table_size = size;
  return maker.finish(root);
}

inline Bytes one_row(archive::Entry row) {
  BombMaker maker;
  return maker.finish(maker.directory("", {std::move(row)}));
}

/// Files that overlap so much that reading them would take thousands of times the file.
inline Bytes overlapping_files() {
  BombMaker maker;
  const std::uint64_t at = maker.append(Bytes(100000));
  std::vector<archive::Entry> rows;
  for (unsigned i = 0; i < 2000; ++i)
    rows.push_back(BombMaker::file("f" + std::to_string(i), at + i, 98000));
  return maker.finish(maker.directory("", std::move(rows)));
}

inline std::vector<Bomb> archive_bombs() {
  constexpr std::uint64_t kHalf = std::uint64_t{1} << 63U;
  constexpr std::uint64_t kAll = std::numeric_limits<std::uint64_t>::max();
  const auto bytes = [](std::initializer_list<int> list) {
    Bytes out;
    for (int value : list)
      out.push_back(static_cast<std::byte>(value));
    return out;
  };
  archive::Entry large{.name = "d",
                       .type = archive::EntryType::directory,
                       .size = kHalf,
                       .position = 155,
                       .table_size = kHalf};
  archive::Entry wrapped = large;
  wrapped.position = kAll;
  wrapped.table_size = 100;
  return {
      {"shared tables, 2^63 ways", "total-entries", nested_directories(64, 2)},
      {"shared tables, 40^60 ways", "total-entries", nested_directories(60, 40)},
      {"10 000 levels", "depth", nested_directories(10000, 1)},
      {"66 levels", "depth", nested_directories(66, 1)},
      {"2^32 entries", "entry-count", root_table(bytes({0x80, 0x80, 0x80, 0x80, 0x10}), 4096)},
      {"2^63 entries",
       "entry-count",
       root_table(bytes({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1}), 4096)},
      {"2^64 entries",
       "varint",
       root_table(bytes({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 2}), 4096)},
      {"a name of 4 GiB",
       "name-length",
       root_table(bytes({1, 0x80, 0x80, 0x80, 0x80, 0x10}), 4096)},
      {"a name of 1 MiB that is not there",
       "entry-length",
       root_table(bytes({1, 0x80, 0x80, 0x40}), 4096)},
      {"a file of 2^63 bytes", "file-range", one_row(BombMaker::file("f", 155, kHalf))},
      {"a file past 2^64", "file-range", one_row(BombMaker::file("f", kAll, 2))},
      {"a table of 2^63 bytes", "table-limit", one_row(large)},
      {"a table past 2^64", "table-range", one_row(wrapped)},
      {"overlapping files", "file-overlap", overlapping_files()},
  };
}

}  // namespace engine::test
