#include "archive/table.hh"

#include "archive/wire.hh"

#include <catch2/catch.hpp>

#include <cstring>

using namespace engine;
using archive::Entry;
using archive::EntryType;

namespace {

Bytes bytes(std::initializer_list<int> values) {
  Bytes out;
  for (int value : values)
    out.push_back(static_cast<std::byte>(value));
  return out;
}

std::optional<std::uint64_t> read_varint(const Bytes& encoded) {
  archive::Cursor cursor(encoded);
  return cursor.varint();
}

Bytes table_of(std::initializer_list<Entry> rows) {
  std::vector<const Entry*> stored;
  for (const Entry& row : rows)
    stored.push_back(&row);
  return archive::encode_table(stored);
}

Entry file(std::string name) {
  return {.name = std::move(name), .type = EntryType::file, .size = 2, .position = 99};
}

}  // namespace

TEST_CASE("archive/wire: varints are minimal and below 2^64", "[archive]") {
  for (std::uint64_t value : {0UL, 127UL, 128UL, 300UL, 16383UL, 16384UL, ~0UL, 1UL << 63U}) {
    Bytes encoded;
    archive::append_varint(encoded, value);
    CHECK(encoded.size() == archive::varint_length(value));
    CHECK(read_varint(encoded) == value);
    encoded.pop_back();
    CHECK_FALSE(read_varint(encoded));
  }
  CHECK_FALSE(read_varint(bytes({0x80, 0x00})));
  CHECK_FALSE(read_varint(bytes({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02})));
  CHECK_FALSE(
      read_varint(bytes({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01})));
}

TEST_CASE("archive/table: the reference's worked example", "[archive]") {
  const Entry entry{.name = "a",
                    .type = EntryType::file,
                    .hash = crypto::blake3(as_bytes("hi")),
                    .size = 2,
                    .position = 0xcf};
  const Bytes stored = table_of({entry});
  CHECK(stored.size() == 52);
  CHECK(archive::row_length(entry) == 51);
  CHECK(archive::parse_table(stored, "").value() == std::vector<Entry>{entry});
  CHECK(to_hex(archive::sighash({})) ==
        "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213");
}

TEST_CASE("archive/table: rows come sorted by bytes whatever their stored order", "[archive]") {
  const auto rows = archive::parse_table(
      table_of({file("\U00010000"), file("ab"), file("\uff5e"), file("a"), file("B")}), "");
  REQUIRE(rows);
  std::string names;
  for (const Entry& row : *rows)
    names += row.name + " ";
  CHECK(names == "B a ab \uff5e \U00010000 ");
}

TEST_CASE("archive/table: refuses names a package cannot hold", "[archive]") {
  for (const std::string& name : {std::string(),
                                  std::string("."),
                                  std::string(".."),
                                  std::string("a/b"),
                                  std::string("/"),
                                  std::string("a\0b", 3),
                                  std::string("\xff"),
                                  std::string("\xc0\xaf"),
                                  std::string("\xed\xa0\x80")}) {
    const auto rows = archive::parse_table(table_of({file(name)}), "dir");
    REQUIRE_FALSE(rows);
    CHECK(rows.error().code == Errc::parse_s9pk);
    CHECK(rows.error().message.find("\"dir\"") != std::string::npos);
  }
  for (const char* name : {"...", "-", " ", "a\\b", "\x01", "__proto__", "\xef\xbb\xbf"})
    CHECK(archive::parse_table(table_of({file(name)}), ""));
  CHECK(archive::parse_table(table_of({file(std::string(archive::kMaxName, 'n'))}), ""));
  CHECK_FALSE(archive::parse_table(table_of({file(std::string(archive::kMaxName + 1, 'n'))}), ""));
}

TEST_CASE("archive/table: refuses duplicates, leftovers, cuts and wild counts", "[archive]") {
  CHECK_FALSE(archive::parse_table(table_of({file("a"), file("a")}), ""));
  const Bytes good = table_of({file("a"), {.name = "d", .type = EntryType::directory}});
  REQUIRE(archive::parse_table(good, ""));
  for (std::size_t length = 0; length < good.size(); ++length)
    CHECK_FALSE(archive::parse_table(ByteView(good).first(length), ""));
  Bytes longer = good;
  longer.push_back(std::byte{0});
  CHECK_FALSE(archive::parse_table(longer, ""));
  CHECK_FALSE(archive::parse_table(
      bytes({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}), ""));
}
