#include "archive/manifest.hh"

#include "archive/level.hh"
#include "archive/writer.hh"
#include "json/reader.hh"
#include "json/writer.hh"

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

Result<archive::CheckReport> packed(const std::string& manifest,
                                    archive::Level level = archive::Level::open) {
  archive::Tree tree;
  REQUIRE(tree.add_text("manifest.json", manifest));
  archive::MemorySink sink;
  REQUIRE(archive::write_archive(tree, archive::seal_with(vectors::key("shared-1")), sink));
  TRY_ASSIGN(const auto opened,
             Archive::open(std::make_shared<archive::MemorySource>(sink.take())));
  return archive::check(*opened, {.level = level});
}

}  // namespace

namespace {

/// A bad value of a field: what is said of it, and about which field.
struct BadField {
  const char* key;
  const char* value;
  const char* says;
};

// Field by field as the format lists them, each rule once.
constexpr BadField kBadFields[] = {
    {"id",
     "7",
     R"("id" must be an id: lower-case letters and digits, in groups joined by "-"; it is 7)"},
    {"id", R"("Bad")", R"(it is "Bad")"},
    {"id", R"("a--b")", R"("id" must be an id)"},
    {"id", R"("-a")", R"("id" must be an id)"},
    {"id", R"("")", R"("id" must be an id)"},
    {"version", R"("1.2.3")", R"("version" must be a package version such as "1.2.3:0")"},
    {"version", "1", R"("version" must be a package version)"},
    {"canMigrateTo", R"(">>1")", R"("canMigrateTo" must be a version range)"},
    {"canMigrateFrom", R"("")", R"("canMigrateFrom" must be a version range)"},
    {"title", "null", R"("title" must be a text; it is null)"},
    {"description", R"("x")", R"("description" must be an object; it is "x")"},
    {"description", R"({"short":"x"})", R"("description.long" is missing)"},
    {"description", R"({"long":"x"})", R"("description.short" is missing)"},
    {"description",
     R"({"short":1,"long":"x"})",
     R"("description.short" must be a text, or an object of texts by locale; it is 1)"},
    {"releaseNotes", R"({"en_US":1})", R"("releaseNotes.en_US" must be a text; it is 1)"},
    {"releaseNotes", R"(["x"])", R"("releaseNotes" must be a text, or an object)"},
    {"gitHash", "1", R"("gitHash" must be a text)"},
    {"license", "[]", R"("license" must be a text; it is [])"},
    {"packageRepo", R"("https://")", R"("packageRepo" must be a URL; it is "https://")"},
    {"packageRepo", "null", R"("packageRepo" must be a URL)"},
    {"upstreamRepo", R"("not a url")", R"("upstreamRepo" must be a URL)"},
    {"marketingUrl", R"("x")", R"("marketingUrl" must be a URL)"},
    {"donationUrl", "0", R"("donationUrl" must be a URL)"},
    {"osVersion",
     R"("1:0")",
     R"("osVersion" must be a plain version such as "1.2.3"; it is "1:0")"},
    {"osVersion", "null", R"("osVersion" must be a plain version)"},
    {"sdkVersion", R"("v1")", R"("sdkVersion" must be a plain version)"},
    {"hardwareAcceleration", "1", R"("hardwareAcceleration" must be true or false; it is 1)"},
    {"userspaceFilesystems", R"("true")", R"("userspaceFilesystems" must be true or false)"},
    {"virtualNetworking", "null", R"("virtualNetworking" must be true or false)"},
    {"plugins", "{}", R"("plugins" must be an array; it is {})"},
    {"plugins",
     R"(["url-v0","other"])",
     R"("plugins[1]" must be the name of a plugin interface: "url-v0"; it is "other")"},
    {"satisfies", R"(["1"])", R"("satisfies[0]" must be a package version)"},
    {"images", "[]", R"("images" must be an object; it is [])"},
    {"images",
     R"({"Main":{}})",
     R"("images" must be an object whose keys are ids; "Main" is none)"},
    {"images", R"({"main":{"arch":[]}})", R"("images.main.source" is missing)"},
    {"images", R"({"main":{"source":"packed"}})", R"("images.main.arch" is missing)"},
    {"images",
     R"({"main":{"source":"web","arch":[]}})",
     R"("images.main.source" must be "packed")"},
    {"images",
     R"({"main":{"source":{"dockerTag":"a","dockerBuild":{}},"arch":[]}})",
     R"("images.main.source" must be "packed")"},
    {"images",
     R"({"main":{"source":{"dockerTag":1},"arch":[]}})",
     R"("images.main.source.dockerTag" must be a text)"},
    {"images",
     R"({"main":{"source":{"dockerBuild":{"workdir":1}},"arch":[]}})",
     R"("images.main.source.dockerBuild.workdir" must be a text)"},
    {"images",
     R"({"main":{"source":{"dockerBuild":{"buildArgs":{"A":{}}}},"arch":[]}})",
     R"("images.main.source.dockerBuild.buildArgs.A.env" is missing)"},
    {"images",
     R"({"main":{"source":"packed","arch":"x86_64"}})",
     R"("images.main.arch" must be an array)"},
    {"images",
     R"({"main":{"source":"packed","arch":[1]}})",
     R"("images.main.arch[0]" must be a text)"},
    {"images",
     R"({"main":{"source":"packed","arch":[],"emulateMissingAs":1}})",
     R"("images.main.emulateMissingAs" must be a text)"},
    {"images",
     R"({"main":{"source":"packed","arch":[],"nvidiaContainer":null}})",
     R"("images.main.nvidiaContainer" must be true or false)"},
    {"volumes", "{}", R"("volumes" must be an array)"},
    {"volumes", R"(["main","Bad"])", R"("volumes[1]" must be a volume id; it is "Bad")"},
    {"dependencies", "[]", R"("dependencies" must be an object)"},
    {"dependencies",
     R"({"X":{}})",
     R"("dependencies" must be an object whose keys are ids; "X" is none)"},
    {"dependencies", R"({"x":{"description":null}})", R"("dependencies.x.optional" is missing)"},
    {"dependencies",
     R"({"x":{"optional":"no"}})",
     R"("dependencies.x.optional" must be true or false)"},
    {"dependencies",
     R"({"x":{"optional":true,"description":1}})",
     R"("dependencies.x.description" must be a text, or an object)"},
    {"hardwareRequirements", "null", R"("hardwareRequirements" must be an object)"},
    {"hardwareRequirements",
     R"({"ram":-1})",
     R"("hardwareRequirements.ram" must be a whole number that is not negative; it is -1)"},
    {"hardwareRequirements",
     R"({"ram":1.5})",
     R"("hardwareRequirements.ram" must be a whole number)"},
    {"hardwareRequirements",
     R"({"arch":"x86_64"})",
     R"("hardwareRequirements.arch" must be an array)"},
    {"hardwareRequirements",
     R"({"device":null})",
     R"("hardwareRequirements.device" must be an array)"},
    {"hardwareRequirements",
     R"({"device":[{}]})",
     R"("hardwareRequirements.device[0].class" is missing)"},
    {"hardwareRequirements",
     R"({"device":[{"class":"toaster"}]})",
     R"("hardwareRequirements.device[0].class" must be "processor" or "display"; it is "toaster")"},
    {"hardwareRequirements",
     R"({"device":[{"class":"display","description":1}]})",
     R"("hardwareRequirements.device[0].description" must be a text)"},
    {"hardwareRequirements",
     R"({"device":[{"class":"display","product":"a(b"}]})",
     R"("hardwareRequirements.device[0].product" must be a regular expression)"},
    {"hardwareRequirements",
     R"({"device":[{"class":"display","vendor":1}]})",
     R"("hardwareRequirements.device[0].vendor" must be a regular expression)"},
    {"hardwareRequirements",
     R"({"device":[{"class":"display","capabilities":[1]}]})",
     R"("hardwareRequirements.device[0].capabilities[0]" must be a text)"},
    {"hardwareRequirements",
     R"({"device":[{"class":"display","driver":[]}]})",
     R"("hardwareRequirements.device[0].driver" must be a text)"},
};

// What looks odd and is right.
constexpr std::pair<const char*, const char*> kGoodFields[] = {
    {"unknown", "[1]"},
    {"canMigrateTo", R"("!")"},
    {"version", R"("#knots:29.3:1-rc.1")"},
    {"title", R"("")"},
    {"releaseNotes", R"({"de_DE":"x"})"},
    {"gitHash", "null"},
    {"upstreamRepo", R"("git:host")"},
    {"marketingUrl", "null"},
    {"osVersion", R"("0.4.0-alpha.1")"},
    {"sdkVersion", "null"},
    {"plugins", R"(["url-v0"])"},
    {"satisfies", R"(["#a:1:0"])"},
    {"images", "{}"},
    {"images",
     R"({"m":{"source":{"dockerBuild":{"buildArgs":{"A":"1","B":{"env":"B"}}}},"arch":[],"emulateMissingAs":null}})"},
    {"volumes", R"(["BACKUP","a-1"])"},
    {"dependencies", R"({"x":{"optional":true,"description":null,"metadata":{}}})"},
    {"hardwareRequirements",
     R"({"device":[{"class":"display","product":null,"driver":null}],"ram":18446744073709551615,"arch":null})"},
};

}  // namespace

TEST_CASE("archive/manifest: says which rule which field breaks", "[archive]") {
  CHECK(archive::check_manifest(good_manifest()));
  for (const BadField& bad : kBadFields) {
    INFO(bad.key << " = " << bad.value);
    CHECK_THAT(error_with(bad.key, bad.value),
               Catch::StartsWith("manifest.json: ") && Catch::Contains(bad.says));
  }
  for (const auto& [key, value] : kGoodFields) {
    INFO(key << " = " << value);
    CHECK(error_with(key, value).empty());
  }
}

TEST_CASE("archive/manifest: a long value is not shown", "[archive]") {
  CHECK_THAT(error_with("license", "[\"" + std::string(1000, 'x') + "\"]"),
             Catch::EndsWith("; it is too long to show"));
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

TEST_CASE("archive/manifest: tells where it is not JSON", "[archive]") {
  const auto verdict = packed("{\n \"id\": \"x\"\n \"title\": 1}");
  REQUIRE_FALSE(verdict);
  CHECK_THAT(verdict.error().message,
             Catch::StartsWith("manifest.json is not JSON: Missing a comma or '}'") &&
                 Catch::EndsWith(", at line 3, column 2 (byte 14)"));
  // The header, and a table of one entry whose name has 13 letters.
  CHECK(test::fault_offset(verdict.error()) == 155 + 1 + 1 + 13 + 32 + 8 + 1 + 8 + 14);
}

TEST_CASE("archive/manifest: tells where the field is", "[archive]") {
  json::Value manifest = good_manifest();
  manifest["volumes"] = json::parse("[\"main\",7]").value();
  const std::string text = json::write(manifest);
  const auto verdict = packed(text, archive::Level::package);
  REQUIRE_FALSE(verdict);
  CHECK(test::fault_info(verdict.error(), "field") == "volumes[1]");
  const std::size_t at = text.find("[\"main\",7]") + 8;
  CHECK_THAT(verdict.error().message, Catch::EndsWith("(byte " + std::to_string(at) + ")"));
  CHECK(test::fault_offset(verdict.error()) == 155 + 1 + 1 + 13 + 32 + 8 + 1 + 8 + at);
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
