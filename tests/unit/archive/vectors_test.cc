#include "unit/archive/vectors.hh"

#include "archive/fault.hh"
#include "archive/level.hh"

#include <catch2/catch.hpp>

#include <map>

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

/// The step at which each damaged vector must be refused.
const std::map<std::string, std::string>& stages() {
  static const std::map<std::string, std::string> table = {
      {"c-magic-bit", "header"},
      {"c-version-1", "header"},
      {"c-version-3", "header"},
      {"c-trunc-empty", "header"},
      {"c-trunc-2", "header"},
      {"c-trunc-header", "header"},
      {"c-pubkey-bit", "signature"},
      {"c-pubkey-swapped", "signature"},
      {"c-sig-R-bit", "signature"},
      {"c-sig-S-bit", "signature"},
      {"c-sighash-bit", "signature"},
      {"c-maxsize-bit", "signature"},
      {"c-sig-context-empty", "signature"},
      {"c-sig-context-other", "signature"},
      {"c-sig-plain-ed25519", "signature"},
      {"c-sig-plain-of-prehash", "signature"},
      {"c-sig-ed25519ctx", "signature"},
      {"c-sig-without-maxsize", "signature"},
      {"c-sig-maxsize-le", "signature"},
      {"c-sig-zero", "signature"},
      {"c-sig-s-plus-l", "signature"},
      {"m-maxsize-2MiB-no-commitment", "commitment"},
      {"m-commitment-wrong-hash", "commitment"},
      {"m-commitment-smaller", "commitment"},
      {"c-toc-pos-plus-1", "table"},
      {"c-toc-pos-past-end", "table"},
      {"c-toc-pos-huge", "table"},
      {"c-toc-size-over-max", "table"},
      {"c-toc-size-minus-1", "table"},
      {"c-toc-name-bit", "table"},
      {"c-toc-hash-bit", "table"},
      {"c-toc-entry-size-bit", "table"},
      {"c-toc-type-unknown", "table"},
      {"c-subtoc-pos", "table"},
      {"c-subtoc-bit", "table"},
      {"c-trunc-toc", "table"},
      {"c-sighash-sha256", "table"},
      {"c-sighash-of-raw-toc", "table"},
      {"h-duplicate-name", "table"},
      {"h-dotdot-name", "table"},
      {"h-slash-name", "table"},
      {"h-cyclic-toc", "table"},
      {"c-file-first-bit", "file"},
      {"c-file-last-bit", "file"},
      {"c-manifest-bit", "file"},
      {"c-trunc-file", "file"},
      {"p-no-manifest", "manifest"},
      {"p-manifest-not-json", "manifest"},
      {"p-manifest-missing", "manifest"},
      {"p-manifest-is-dir", "manifest"},
      {"p-bad-id", "manifest"},
      {"p-bad-version", "manifest"},
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

TEST_CASE("archive/vectors: refuses every invalid package at the right stage", "[archive]") {
  std::size_t seen = 0;
  for (const auto& vector : vectors::all()) {
    if (vector.accept) continue;
    INFO(vector.file);
    const auto report = check(vector, level_of(vector));
    REQUIRE_FALSE(report);
    const Error& error = report.error();
    CHECK(archive::fault_stage(error) == stages().at(short_name(vector.file)));
    CHECK_FALSE(error.message.empty());
    CHECK_FALSE(error.hint.empty());
    ++seen;
  }
  CHECK(seen == stages().size());
}

TEST_CASE("archive/vectors: a filtered package passes for its architecture only", "[archive]") {
  const auto filtered = vectors::open("valid/11-package-filtered-x86_64.s9pk");
  CHECK(archive::check(*filtered, {.arch = "x86_64"}));
  CHECK_FALSE(archive::check(*filtered, {.arch = "aarch64"}));
  const auto all = archive::check(*filtered, {});
  REQUIRE_FALSE(all);
  CHECK(archive::fault_stage(all.error()) == "package");
  CHECK_FALSE(archive::check(*vectors::open("valid/12-package-one-file-missing.s9pk"), {}));
}

TEST_CASE("archive/vectors: version 1 files are named as such", "[archive]") {
  const auto opened = Archive::open(vectors::source("invalid/c-version-1.s9pk"));
  REQUIRE_FALSE(opened);
  CHECK(opened.error().message.find("version 1") != std::string::npos);
}
