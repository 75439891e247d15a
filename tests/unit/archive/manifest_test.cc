#include "archive/manifest.hh"

#include "archive/level.hh"
#include "archive/writer.hh"
#include "json/reader.hh"

#include "unit/archive/fault_info.hh"
#include "unit/archive/vectors.hh"
#include <catch2/catch.hpp>

using namespace engine;
using archive::Archive;

namespace {

json::Value good_manifest() {
  return archive::read_manifest(*vectors::open("valid/09-package.s9pk")).value();
}

/// The error for the good manifest with `key` set to the JSON text `value`.
std::string error_with(std::string_view key, std::string_view value) {
  json::Value manifest = good_manifest();
  manifest[key] = json::parse(value).value();
  const auto verdict = archive::check_manifest(manifest);
  return verdict ? "" : verdict.error().message;
}

Result<archive::CheckReport> packed(const std::string& manifest) {
  archive::Tree tree;
  REQUIRE(tree.add_text("manifest.json", manifest));
  archive::MemorySink sink;
  REQUIRE(archive::write_archive(tree, archive::seal_with(vectors::key("shared-1")), sink));
  TRY_ASSIGN(const auto opened,
             Archive::open(std::make_shared<archive::MemorySource>(sink.take())));
  return archive::check(*opened, {.level = archive::Level::open});
}

}  // namespace

TEST_CASE("archive/manifest: names the field that is wrong", "[archive]") {
  CHECK(archive::check_manifest(good_manifest()));
  CHECK(error_with("unknown", "[1]").empty());
  CHECK(error_with("osVersion", "\"0.4.0\"").empty());
  const std::pair<const char*, const char*> wrong[] = {
      {"id", "\"Bad\""},
      {"id", "\"a--b\""},
      {"id", "\"-a\""},
      {"id", "7"},
      {"version", "\"1.2.3\""},
      {"canMigrateTo", "\">>1\""},
      {"title", "null"},
      {"description", "{\"short\":\"x\"}"},
      {"releaseNotes", "{\"en_US\":1}"},
      {"upstreamRepo", "\"not a url\""},
      {"packageRepo", "\"https://\""},
      {"osVersion", "\"1:0\""},
      {"plugins", "[\"other\"]"},
      {"satisfies", "[\"1\"]"},
      {"images", "{\"Main\":{}}"},
      {"images", "{\"main\":{\"source\":\"packed\"}}"},
      {"images", "{\"main\":{\"source\":\"web\",\"arch\":[]}}"},
      {"volumes", "[\"main\",\"Bad\"]"},
      {"volumes", "{}"},
      {"dependencies", "{\"x\":{\"description\":null}}"},
      {"hardwareRequirements", "{\"ram\":-1}"},
      {"hardwareRequirements", "{\"device\":[{\"class\":\"toaster\"}]}"},
  };
  for (const auto& [key, value] : wrong) {
    INFO(key << " = " << value);
    CHECK(error_with(key, value).find(key) != std::string::npos);
  }
}

TEST_CASE("archive/manifest: every needed field is missed", "[archive]") {
  for (const char* key : {"id",
                          "version",
                          "canMigrateTo",
                          "canMigrateFrom",
                          "title",
                          "description",
                          "releaseNotes",
                          "license",
                          "upstreamRepo",
                          "images",
                          "volumes"}) {
    json::Value manifest = good_manifest();
    manifest.object()->erase(key);
    const auto verdict = archive::check_manifest(manifest);
    REQUIRE_FALSE(verdict);
    CHECK(test::fault_info(verdict.error(), "stage") == "manifest");
    CHECK(verdict.error().message.find(key) != std::string::npos);
  }
}

TEST_CASE("archive/manifest: must be one plain JSON object", "[archive]") {
  CHECK(packed("{}"));
  for (const std::string& text : {std::string(),
                                  std::string("[]"),
                                  std::string("{} x"),
                                  std::string("\xef\xbb\xbf{}"),
                                  std::string("{\"a\":\"\xff\"}"),
                                  std::string(100000, '[')}) {
    const auto verdict = packed(text);
    REQUIRE_FALSE(verdict);
    CHECK(test::fault_info(verdict.error(), "stage") == "manifest");
  }
}
