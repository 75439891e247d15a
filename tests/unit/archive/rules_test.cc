#include "archive/edit.hh"
#include "archive/fault.hh"
#include "archive/level.hh"
#include "archive/wire.hh"

#include "support/archive_bombs.hh"
#include "unit/archive/fault_info.hh"
#include "unit/archive/vectors.hh"
#include <catch2/catch.hpp>

#include <functional>
#include <iterator>
#include <limits>
#include <set>

using namespace engine;
using archive::Archive;
using archive::Level;
using archive::Rule;
using archive::Tree;
using test::BombMaker;

namespace {

constexpr std::uint64_t kRoot = archive::kHeaderSize;  // where the forged root tables lie
constexpr std::uint64_t kNowhere = std::numeric_limits<std::uint64_t>::max();

/// A package that breaks one rule, and what the verdict has to say of it.
struct Broken {
  std::string what;
  Rule rule;
  std::uint64_t offset;  ///< kNowhere: none is named
  std::string path;
  Bytes package;
  Level level = Level::archive;
  archive::OpenOptions open = {};
};

std::string varint(std::uint64_t value) {
  Bytes encoded;
  archive::append_varint(encoded, value);
  return std::string(as_text(encoded));
}

/// A row of a table up to its type, with a hash of zeros and size 0.
std::string head_of(const std::string& name) {
  return varint(name.size()) + name + std::string(32 + 8, '\0');
}

/// A row that says that there was a file.
std::string missing(const std::string& name) {
  return head_of(name) + '\0';
}

Bytes to_bytes(std::string_view text) {
  const ByteView view = as_bytes(text);
  return {view.begin(), view.end()};
}

/// Signed over whatever its root table is.
Bytes with_root(const std::string& table) {
  return test::root_table(to_bytes(table), table.size());
}

Bytes with(Bytes package, std::size_t at, std::string_view patch) {
  std::ranges::copy(as_bytes(patch), package.begin() + static_cast<std::ptrdiff_t>(at));
  return package;
}

Bytes cut(Bytes package, std::size_t length) {
  package.resize(length);
  return package;
}

Bytes packed(const Tree& tree) {
  archive::MemorySink sink;
  REQUIRE(archive::write_archive(tree, archive::seal_with(vectors::key("shared-1")), sink));
  return sink.take();
}

/// The whole package of the vectors with one change.
Bytes changed(const std::function<void(Tree&)>& change) {
  Tree tree = archive::copy_tree(vectors::open("valid/09-package.s9pk")).value();
  change(tree);
  return packed(tree);
}

Bytes without(std::string_view path) {
  return changed([&](Tree& tree) { REQUIRE(tree.remove(path)); });
}

Bytes instead(std::string_view path, std::string_view text) {
  return changed([&](Tree& tree) {
    REQUIRE(tree.remove(path));
    REQUIRE(tree.add_text(path, text));
  });
}

Bytes sound() {
  return to_bytes(vectors::content("valid/09-package.s9pk"));
}

Bytes subdirectory(const std::string& table) {
  BombMaker maker;
  archive::Entry child{.name = "d",
                       .type = archive::EntryType::directory,
                       .size = table.size(),
                       .table_size = table.size()};
  child.position = maker.append(to_bytes(table));
  return maker.finish(maker.directory("", {child}));
}

std::vector<Broken> of_the_header() {
  const archive::Commitment own = vectors::open("valid/09-package.s9pk")->commitment();
  archive::Commitment other = own;
  other.root_sighash.front() ^= std::byte{1};
  archive::Commitment tighter = own;
  --tighter.root_maxsize;
  Bytes wide = test::root_table(to_bytes(missing("")), (1U << 20U) + 1);
  return {
      {"another magic", Rule::magic, 1, "", with(sound(), 1, "k")},
      {"version 3", Rule::version, 2, "", with(sound(), 2, "\x03")},
      {"154 bytes", Rule::header_length, 154, "", cut(sound(), 154)},
      {"a changed signature", Rule::signature, 35, "", with(sound(), 40, "signed")},
      {"another commitment", Rule::commitment_hash, 99, "", sound(), {}, {.commitment = other}},
      {"less allowed", Rule::commitment_maxsize, 131, "", sound(), {}, {.commitment = tighter}},
      {"more than 1 MiB", Rule::root_maxsize, 131, "", std::move(wide)},
      {"a larger table", Rule::table_size, 147, "", with(sound(), 147, "\x01")},
      {"a table outside", Rule::table_range, sound().size(), "", with(sound(), 139, "\x01")},
      {"a table nobody signed", Rule::sighash, kRoot, "", with_root(varint(1) + missing("a"))},
  };
}

std::vector<Broken> of_tables() {
  const std::string room(64, '\0');
  const std::string one = varint(1);
  const std::string file = missing("a");
  std::vector<Broken> all = {
      {"no count at all", Rule::varint, kRoot, "", with_root("")},
      {"a count that does not end", Rule::varint, kRoot, "", with_root("\x80")},
      {"a count with a group too many", Rule::varint, kRoot, "", with_root("\x81" + room)},
      {"a count of eleven bytes",
       Rule::varint,
       kRoot,
       "",
       with_root(std::string(10, '\x80') + "\1")},
      {"a count of 2^64", Rule::varint, kRoot, "", with_root(std::string(9, '\x80') + "\2")},
      {"a length with a group too many",
       Rule::varint,
       kRoot + 1,
       "",
       with_root(one + "\x81" + room)},
      {"fewer rows than counted", Rule::entry_count, kRoot, "", with_root(varint(2) + file)},
      {"a row cut off",
       Rule::entry_length,
       kRoot + 44,
       "",
       with_root(one + varint(9) + "nnnnnnnnn" + room.substr(0, 33))},
      {"type 3", Rule::entry_type, kRoot + 43, "", with_root(one + head_of("a") + '\3')},
      {"a name above 1 MiB",
       Rule::name_length,
       kRoot + 1,
       "",
       with_root(one + varint(archive::kMaxName + 1) + room)},
      {"a name twice", Rule::duplicate_name, kRoot + 44, "", with_root(varint(2) + file + file)},
      {"a byte too many", Rule::trailing_bytes, kRoot + 44, "", with_root(one + file + "x")},
      {"below the root",
       Rule::entry_type,
       kRoot + 43,
       "d",
       subdirectory(one + head_of("a") + '\3')},
      {"another table than was signed", Rule::sighash, kRoot, "d", subdirectory(one + file)},
  };
  for (const auto& name : {std::string(),
                           std::string("."),
                           std::string(".."),
                           std::string("/etc"),
                           std::string("a/b"),
                           std::string("a\0b", 3),
                           std::string("\xc0\xaf"),
                           std::string("\xed\xa0\x80"),
                           std::string("\xff")}) {
    all.push_back(
        {"the name '" + name + "'", Rule::name, kRoot + 2, "", with_root(one + missing(name))});
  }
  return all;
}

std::vector<Broken> of_contents() {
  const Bytes deep = test::nested_directories(66, 1);
  const Bytes shared = test::nested_directories(3, 2);
  BombMaker maker;
  const std::uint64_t at = maker.append(to_bytes("content"));
  archive::Entry wrong = BombMaker::file("f", at, 7);
  Bytes other = maker.finish(maker.directory("", {wrong}));
  wrong.size = 1000;
  return {
      {"65 levels below the root", Rule::depth, kNowhere, "", deep},
      {"more rows than allowed",
       Rule::total_entries,
       kNowhere,
       "",
       shared,
       {},
       {.limits = {.max_entries = 5}}},
      {"larger tables than allowed",
       Rule::table_limit,
       kNowhere,
       "",
       shared,
       {},
       {.limits = {.max_table = 60}}},
      {"more tables than allowed",
       Rule::total_tables,
       kNowhere,
       "",
       shared,
       {},
       {.limits = {.max_all_tables = 150}}},
      {"another content", Rule::file_hash, at, "f", other},
      {"the content ends early",
       Rule::file_range,
       sound().size() - 1,
       "",
       cut(sound(), sound().size() - 1)},
      {"a file that does not fit", Rule::file_range, kNowhere, "f", test::one_row(wrong)},
      {"files in each other", Rule::file_overlap, kNowhere, "", test::overlapping_files()},
  };
}

std::vector<Broken> of_packages() {
  const auto level = [](std::string what, Rule rule, std::string path, Bytes package, Level at) {
    return Broken{std::move(what), rule, kNowhere, std::move(path), std::move(package), at};
  };
  const std::string manifest = "manifest.json";
  const std::string title = "dependencies/hello-world/metadata.json";
  std::vector<Broken> all = {
      level("no manifest", Rule::manifest_missing, manifest, without(manifest), Level::open),
      level("no JSON", Rule::manifest_json, manifest, instead(manifest, "{"), Level::open),
      level("no object", Rule::manifest_json, manifest, instead(manifest, "[]"), Level::open),
      level("no fields", Rule::manifest_field, manifest, instead(manifest, "{}"), Level::package),
      level("no icon", Rule::icon, "icon", without("icon.png"), Level::package),
      level("no code",
            Rule::required_file,
            "lua.squashfs",
            without("javascript.squashfs"),
            Level::package),
      level("a title that is none",
            Rule::dependency_metadata,
            title,
            instead(title, R"({"title":7})"),
            Level::package),
      level(
          "an image for nobody",
          Rule::image_arch,
          manifest,
          instead(manifest,
                  R"({"id":"a","version":"1:0","canMigrateTo":"!","canMigrateFrom":"*","title":"",)"
                  R"("description":{"short":"","long":""},"releaseNotes":"","license":"",)"
                  R"("upstreamRepo":"https://a.b","volumes":[],)"
                  R"("images":{"main":{"source":"packed","arch":["x86_64"]}}})"),
          Level::package),
  };
  for (const char* path : {"LICENSE.md",
                           "images/x86_64/main.squashfs",
                           "images/x86_64/main.json",
                           "images/x86_64/main.env"}) {
    all.push_back(level("no file", Rule::required_file, path, without(path), Level::package));
  }
  return all;
}

std::vector<Broken> everything() {
  std::vector<Broken> all;
  for (auto part : {of_the_header(), of_tables(), of_contents(), of_packages()})
    std::ranges::move(part, std::back_inserter(all));
  return all;
}

}  // namespace

TEST_CASE("archive/rules: each has a verdict of its own, with place and cure", "[archive]") {
  for (const Broken& broken : everything()) {
    INFO(broken.what);
    const auto source = std::make_shared<archive::MemorySource>(broken.package);
    const auto verdict = [&]() -> Result<> {
      TRY_ASSIGN(const auto opened, Archive::open(source, broken.open));
      TRY(archive::check(*opened, {.level = broken.level}));
      return {};
    }();
    REQUIRE_FALSE(verdict);
    const Error& error = verdict.error();
    CHECK(test::fault_info(error, "rule") == archive::rule_name(broken.rule));
    if (broken.offset != kNowhere) CHECK(test::fault_offset(error) == broken.offset);
    if (!broken.path.empty()) CHECK(test::fault_info(error, "path") == broken.path);
    CHECK_FALSE(error.message.empty());
    CHECK_FALSE(error.hint.empty());
  }
}

TEST_CASE("archive/rules: none is without a package that breaks it", "[archive]") {
  std::set<Rule> broken;
  for (const Broken& each : everything())
    broken.insert(each.rule);
  // That one belongs to who reads a file into memory, and is tried there (archive_test).
  broken.insert(Rule::file_limit);
  // That one is of packages of version 1 (legacy_test).
  broken.insert(Rule::manifest_cbor);
  for (auto rule = Rule::magic; rule <= Rule::dependency_metadata;
       rule = static_cast<Rule>(static_cast<int>(rule) + 1)) {
    INFO(archive::rule_name(rule));
    CHECK(broken.contains(rule));
  }
}
