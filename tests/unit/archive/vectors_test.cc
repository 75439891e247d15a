#include "unit/archive/vectors.hh"

#include "archive/level.hh"

#include "unit/archive/fault_info.hh"
#include <catch2/catch.hpp>

#include <map>
#include <optional>

using namespace engine;
using archive::Archive;
using archive::EntryType;
using archive::Level;

namespace {

/// Opens and checks one vector at its level, or at `level`.
Result<archive::CheckReport> check(const vectors::Vector& vector, Level level) {
  TRY_ASSIGN(const auto opened, vectors::open(vector));
  return archive::check(*opened, {.level = level, .verify = {.threads = 3}});
}

Level level_of(const vectors::Vector& vector) {
  return archive::level_from_name(vector.level).value();
}

/// What the index says of a tree, by path without the slash that marks directories.
std::map<std::string, const json::Value*> tree_of(const vectors::Vector& vector) {
  std::map<std::string, const json::Value*> out;
  for (const json::Value& row : *vector.row.find("tree")->array()) {
    std::string path = row.string_or("path", "");
    if (path.ends_with('/')) path.pop_back();
    out[path] = &row;
  }
  return out;
}

std::string index_type(EntryType type) {
  return type == EntryType::directory ? "dir" : std::string(archive::type_name(type));
}

/// The rule each damaged vector breaks, and at which byte.
struct Broken {
  std::string rule;
  std::optional<std::uint64_t> offset;
};

const std::map<std::string, Broken>& rules() {
  static const std::map<std::string, Broken> table = {
      {"c-magic-bit", {"magic", 0}},
      {"c-version-1", {"version", 2}},
      {"c-version-3", {"version", 2}},
      {"c-pubkey-bit", {"signature", 35}},
      {"c-pubkey-swapped", {"signature", 35}},
      {"c-sig-R-bit", {"signature", 35}},
      {"c-sig-S-bit", {"signature", 35}},
      {"c-sighash-bit", {"signature", 35}},
      {"c-maxsize-bit", {"signature", 35}},
      {"c-toc-pos-plus-1", {"name", 158}},
      {"c-toc-pos-past-end", {"table-range", 1313}},
      {"c-toc-pos-huge", {"table-range", 1313}},
      {"c-toc-size-over-max", {"table-size", 147}},
      {"c-toc-size-minus-1", {"entry-length", 332}},
      {"c-toc-name-bit", {"sighash", 155}},
      {"c-toc-hash-bit", {"sighash", 155}},
      {"c-toc-entry-size-bit", {"sighash", 155}},
      {"c-toc-type-unknown", {"entry-type", 198}},
      {"c-subtoc-pos", {"name", 336}},
      {"c-subtoc-bit", {"sighash", 333}},
      {"c-file-first-bit", {"file-hash", 1268}},
      {"c-file-last-bit", {"file-hash", 1268}},
      {"c-manifest-bit", {"file-hash", 450}},
      {"c-trunc-empty", {"header-length", 0}},
      {"c-trunc-2", {"header-length", 2}},
      {"c-trunc-header", {"header-length", 154}},
      {"c-trunc-toc", {"table-range", 332}},
      {"c-trunc-file", {"file-range", 1312}},
      {"c-sig-context-empty", {"signature", 35}},
      {"c-sig-context-other", {"signature", 35}},
      {"c-sig-plain-ed25519", {"signature", 35}},
      {"c-sig-plain-of-prehash", {"signature", 35}},
      {"c-sig-ed25519ctx", {"signature", 35}},
      {"c-sig-without-maxsize", {"signature", 35}},
      {"c-sig-maxsize-le", {"signature", 35}},
      {"c-sig-zero", {"signature", 35}},
      {"c-sig-s-plus-l", {"signature", 35}},
      {"c-sighash-sha256", {"sighash", 155}},
      {"c-sighash-of-raw-toc", {"sighash", 155}},
      {"m-maxsize-2MiB-no-commitment", {"root-maxsize", 131}},
      {"m-commitment-wrong-hash", {"commitment-hash", 99}},
      {"m-commitment-smaller", {"commitment-maxsize", 131}},
      {"p-no-manifest", {"manifest-missing", std::nullopt}},
      {"p-manifest-not-json", {"manifest-json", 220}},
      {"p-manifest-missing", {"manifest-missing", std::nullopt}},
      {"p-manifest-is-dir", {"manifest-missing", std::nullopt}},
      {"p-bad-id", {"manifest-field", 225}},
      {"p-bad-version", {"manifest-field", 241}},
      {"h-duplicate-name", {"duplicate-name", 270}},
      {"h-dotdot-name", {"name", 157}},
      {"h-slash-name", {"name", 157}},
      {"h-cyclic-toc", {"sighash", 155}},
  };
  return table;
}

std::string short_name(const std::string& file) {
  const auto slash = file.rfind('/') + 1;
  return file.substr(slash, file.rfind('.') - slash);
}

}  // namespace

TEST_CASE("archive/vectors: accepts every valid package at its level", "[archive]") {
  for (const auto& vector : vectors::all()) {
    if (!vector.accept) continue;
    INFO(vector.file);
    const auto report = check(vector, level_of(vector));
    if (!report) FAIL(report.error().message);
    CHECK(check(vector, Level::archive));
    CHECK(check(vector, Level::open));
  }
}

TEST_CASE("archive/vectors: shows the tree the index lists", "[archive]") {
  for (const auto& vector : vectors::all()) {
    if (!vector.accept) continue;
    INFO(vector.file);
    const auto opened = vectors::open(vector).value();
    auto expected = tree_of(vector);
    REQUIRE(opened->walk([&](const std::string& path, const archive::Entry& entry) -> Result<> {
      INFO(path);
      REQUIRE(expected.contains(path));
      const json::Value& row = *expected[path];
      CHECK(row.string_or("type", "") == index_type(entry.type));
      CHECK(row.integer_or("size", -1) == static_cast<std::int64_t>(entry.size));
      CHECK(row.string_or("blake3", "") == to_hex(entry.hash));
      expected.erase(path);
      return {};
    }));
    CHECK(expected.empty());
  }
}

TEST_CASE("archive/vectors: header fields are those of the index", "[archive]") {
  for (const auto& vector : vectors::all()) {
    if (!vector.accept) continue;
    INFO(vector.file);
    const auto opened = vectors::open(vector).value();
    const json::Value& header = *vector.row.find("header");
    CHECK(header.string_or("pubkey", "") == to_hex(opened->signer().bytes));
    CHECK(header.string_or("signature", "") == to_hex(opened->signature()));
    CHECK(header.string_or("rootSighash", "") == opened->commitment().sighash_hex());
    CHECK(header.string_or("signedMessage", "") == to_hex(opened->commitment().message()));
  }
}

TEST_CASE("archive/vectors: refuses every invalid package for its reason", "[archive]") {
  std::size_t seen = 0;
  for (const auto& vector : vectors::all()) {
    if (vector.accept) continue;
    INFO(vector.file);
    const auto report = check(vector, level_of(vector));
    REQUIRE_FALSE(report);
    const Error& error = report.error();
    const Broken& wanted = rules().at(short_name(vector.file));
    CHECK(test::fault_info(error, "rule") == wanted.rule);
    CHECK(test::fault_offset(error) == wanted.offset);
    CHECK_FALSE(error.message.empty());
    CHECK_FALSE(error.hint.empty());
    ++seen;
  }
  CHECK(seen == rules().size());
}

TEST_CASE("archive/vectors: a filtered package passes for its architecture only", "[archive]") {
  const auto filtered = vectors::open("valid/11-package-filtered-x86_64.s9pk");
  CHECK(archive::check(*filtered, {.arch = "x86_64"}));
  CHECK_FALSE(archive::check(*filtered, {.arch = "aarch64"}));
  const auto all = archive::check(*filtered, {});
  REQUIRE_FALSE(all);
  CHECK(test::fault_info(all.error(), "stage") == "package");
  CHECK_FALSE(archive::check(*vectors::open("valid/12-package-one-file-missing.s9pk"), {}));
}

TEST_CASE("archive/vectors: version 1 files are named as such", "[archive]") {
  const auto opened = Archive::open(vectors::source("invalid/c-version-1.s9pk"));
  REQUIRE_FALSE(opened);
  CHECK(opened.error().message.find("version 1") != std::string::npos);
}
