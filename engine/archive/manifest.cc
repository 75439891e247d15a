#include "archive/manifest.hh"

#include "archive/fault.hh"
#include "archive/pattern.hh"
#include "archive/text_place.hh"
#include "archive/version_syntax.hh"
#include "json/reader.hh"
#include "json/writer.hh"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <span>
#include <string>

namespace engine::archive {
namespace {

using json::Value;

constexpr std::string_view kManifest = "manifest.json";
constexpr int kDecimal = 10;

Error field_fault(const std::string& at, std::string_view what, std::string hint) {
  return fault(Errc::validate_s9pk,
               {.rule = Rule::manifest_field, .path = kManifest, .field = at},
               "manifest.json: \"" + at + "\" " + std::string(what),
               std::move(hint));
}

Error not_json(std::uint64_t offset, std::string message) {
  return fault(Errc::validate_s9pk,
               {Rule::manifest_json, kManifest, offset},
               std::move(message),
               "correct it and pack the package again");
}

/// What the reader says, with the place in the text and in the file. Its messages end with the byte
/// at which the text stops to be JSON: "… (at byte 12)".
Error not_json(const Entry& entry, std::string_view text, const Error& error) {
  constexpr std::string_view kAtByte = " (at byte ";
  std::string reason = "manifest.json is not JSON: " + error.message;
  const std::size_t end = reason.rfind(kAtByte);
  if (end == std::string::npos) return not_json(entry.position, std::move(reason));
  const std::size_t offset =
      std::strtoull(reason.c_str() + end + kAtByte.size(), nullptr, kDecimal);
  reason.resize(reason[end - 1] == '.' ? end - 1 : end);
  return not_json(entry.position + offset, reason + ", at " + show_place(text, offset));
}

/// Checks one value; `at` is where it stands, e.g. "images.main.arch".
using Check = Result<> (*)(const Value& value, const std::string& at);

struct Field {
  std::string_view name;
  bool needed;
  Check check;
};

tl::unexpected<Error> refuse(const std::string& at, std::string_view expected) {
  return fail(field_fault(at,
                          "must be " + std::string(expected),
                          "correct it in the package's sources and pack it again"));
}

/// The same, showing what it is instead.
tl::unexpected<Error> refuse(const Value& value, const std::string& at, std::string_view expected) {
  constexpr std::size_t kLongest = 60;
  std::string shown = json::write(value);
  if (shown.size() > kLongest) shown = value.is_object() ? "an object" : "too long to show";
  return refuse(at, std::string(expected) + "; it is " + shown);
}

Result<> check_fields(const Value& value, const std::string& at, std::span<const Field> fields) {
  if (!value.is_object()) return refuse(value, at, "an object");
  for (const Field& field : fields) {
    const std::string place =
        at.empty() ? std::string(field.name) : at + "." + std::string(field.name);
    const Value* member = value.find(field.name);
    if (member != nullptr) {
      TRY(field.check(*member, place));
    } else if (field.needed) {
      return fail(
          field_fault(place, "is missing", "add it to the package's sources and pack it again"));
    }
  }
  return {};
}

template <Check check>
Result<> or_null(const Value& value, const std::string& at) {
  return value.is_null() ? Result<>{} : check(value, at);
}

/// Whether `text` can be the id of a package, an image or a volume: `^[a-z0-9]+(-[a-z0-9]+)*$`.
bool is_package_id(std::string_view text) {
  char before = '-';
  for (char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!letter && (c != '-' || before == '-')) return false;
    before = c;
  }
  return before != '-';
}

template <Check check>
Result<> array_of(const Value& value, const std::string& at) {
  if (!value.is_array()) return refuse(value, at, "an array");
  for (std::size_t i = 0; i < value.array()->size(); ++i)
    TRY(check((*value.array())[i], at + "[" + std::to_string(i) + "]"));
  return {};
}

/// An object whose keys are ids.
template <Check check>
Result<> by_id(const Value& value, const std::string& at) {
  if (!value.is_object()) return refuse(value, at, "an object");
  for (const auto& [key, member] : *value.object()) {
    if (!is_package_id(key))
      return refuse(at, "an object whose keys are ids; \"" + key + "\" is none");
    TRY(check(member, at + "." + key));
  }
  return {};
}

template <bool (*is)(std::string_view)>
bool holds(const Value& value) {
  return value.is_string() && is(*value.string());
}

bool is_url(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == 0 || colon == std::string_view::npos || colon + 1 == text.size()) return false;
  const auto scheme = text.substr(0, colon);
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '-' || c == '.';
  };
  if (!std::ranges::all_of(scheme, good)) return false;
  if (scheme != "http" && scheme != "https") return true;
  return text.substr(colon).starts_with("://") && text.size() > colon + 3 && text[colon + 3] != '/';
}

bool is_volume(std::string_view text) {
  return text == "BACKUP" || is_package_id(text);
}

Result<> text(const Value& value, const std::string& at) {
  return value.is_string() ? Result<>{} : refuse(value, at, "a text");
}
Result<> boolean(const Value& value, const std::string& at) {
  return value.boolean() != nullptr ? Result<>{} : refuse(value, at, "true or false");
}
Result<> number(const Value& value, const std::string& at) {
  const bool good =
      (value.integer() != nullptr && *value.integer() >= 0) || value.unsigned_integer() != nullptr;
  return good ? Result<>{} : refuse(value, at, "a whole number that is not negative");
}
Result<> id(const Value& value, const std::string& at) {
  if (holds<is_package_id>(value)) return {};
  return refuse(value, at, "an id: lower-case letters and digits, in groups joined by \"-\"");
}
Result<> version(const Value& value, const std::string& at) {
  if (holds<is_extended_version>(value)) return {};
  return refuse(value, at, "a package version such as \"1.2.3:0\" (upstream:downstream)");
}
Result<> plain_version(const Value& value, const std::string& at) {
  if (holds<is_plain_version>(value)) return {};
  return refuse(value, at, "a plain version such as \"1.2.3\"");
}
Result<> range(const Value& value, const std::string& at) {
  if (holds<is_version_range>(value)) return {};
  return refuse(value, at, "a version range such as \">=1.2:0\", \"*\" or \"!\"");
}
Result<> url(const Value& value, const std::string& at) {
  return holds<is_url>(value) ? Result<>{} : refuse(value, at, "a URL");
}
Result<> volume(const Value& value, const std::string& at) {
  return holds<is_volume>(value) ? Result<>{} : refuse(value, at, "a volume id");
}

Result<> locale_text(const Value& value, const std::string& at) {
  if (value.is_string()) return {};
  if (!value.is_object()) return refuse(value, at, "a text, or an object of texts by locale");
  for (const auto& [locale, translation] : *value.object())
    TRY(text(translation, at + "." + locale));
  return {};
}

Result<> description(const Value& value, const std::string& at) {
  static constexpr std::array kFields = {Field{"short", true, locale_text},
                                         Field{"long", true, locale_text}};
  return check_fields(value, at, kFields);
}

Result<> plugin(const Value& value, const std::string& at) {
  if (value.is_string() && *value.string() == "url-v0") return {};
  return refuse(value, at, "the name of a plugin interface: \"url-v0\"");
}

Result<> build_argument(const Value& value, const std::string& at) {
  static constexpr std::array kFields = {Field{"env", true, text}};
  return value.is_string() ? Result<>{} : check_fields(value, at, kFields);
}

Result<> build_arguments(const Value& value, const std::string& at) {
  if (!value.is_object()) return refuse(value, at, "an object of texts by name");
  for (const auto& [name, argument] : *value.object())
    TRY(build_argument(argument, at + "." + name));
  return {};
}

Result<> docker_build(const Value& value, const std::string& at) {
  static constexpr std::array kFields = {Field{"workdir", false, text},
                                         Field{"dockerfile", false, text},
                                         Field{"buildArgs", false, build_arguments}};
  return check_fields(value, at, kFields);
}

/// How an image was to be made; in packages that are finished it says "packed".
Result<> image_source(const Value& value, const std::string& at) {
  static constexpr std::array kFields = {Field{"dockerTag", false, text},
                                         Field{"dockerBuild", false, docker_build}};
  if (value.is_string() && *value.string() == "packed") return {};
  const bool built = value.is_object() && value.object()->size() == 1 &&
                     (value.find("dockerTag") != nullptr || value.find("dockerBuild") != nullptr);
  return built ? check_fields(value, at, kFields) : refuse(value, at, "\"packed\"");
}

Result<> image(const Value& value, const std::string& at) {
  static constexpr std::array kFields = {Field{"source", true, image_source},
                                         Field{"arch", true, array_of<text>},
                                         Field{"emulateMissingAs", false, or_null<text>},
                                         Field{"nvidiaContainer", false, boolean}};
  return check_fields(value, at, kFields);
}

Result<> dependency(const Value& value, const std::string& at) {
  static constexpr std::array kFields = {Field{"description", false, or_null<locale_text>},
                                         Field{"optional", true, boolean}};
  return check_fields(value, at, kFields);
}

Result<> pattern(const Value& value, const std::string& at) {
  if (!value.is_string()) return refuse(value, at, "a regular expression");
  const auto good = check_pattern(*value.string());
  return good ? Result<>{} : refuse(at, "a regular expression: " + good.error().message);
}

Result<> device_class(const Value& value, const std::string& at) {
  const bool good =
      value.is_string() && (*value.string() == "processor" || *value.string() == "display");
  return good ? Result<>{} : refuse(value, at, "\"processor\" or \"display\"");
}

Result<> device(const Value& value, const std::string& at) {
  static constexpr std::array kFields = {Field{"description", false, text},
                                         Field{"class", true, device_class},
                                         Field{"product", false, or_null<pattern>},
                                         Field{"vendor", false, or_null<pattern>},
                                         Field{"capabilities", false, array_of<text>},
                                         Field{"driver", false, or_null<text>}};
  return check_fields(value, at, kFields);
}

Result<> hardware(const Value& value, const std::string& at) {
  static constexpr std::array kFields = {Field{"device", false, array_of<device>},
                                         Field{"ram", false, or_null<number>},
                                         Field{"arch", false, or_null<array_of<text>>}};
  return check_fields(value, at, kFields);
}

constexpr std::array kManifestFields = {
    Field{"id", true, id},
    Field{"version", true, version},
    Field{"canMigrateTo", true, range},
    Field{"canMigrateFrom", true, range},
    Field{"title", true, text},
    Field{"description", true, description},
    Field{"releaseNotes", true, locale_text},
    Field{"license", true, text},
    Field{"upstreamRepo", true, url},
    Field{"packageRepo", false, url},
    Field{"marketingUrl", false, or_null<url>},
    Field{"donationUrl", false, or_null<url>},
    Field{"gitHash", false, or_null<text>},
    Field{"osVersion", false, plain_version},
    Field{"sdkVersion", false, or_null<plain_version>},
    Field{"hardwareAcceleration", false, boolean},
    Field{"userspaceFilesystems", false, boolean},
    Field{"virtualNetworking", false, boolean},
    Field{"plugins", false, array_of<plugin>},
    Field{"satisfies", false, array_of<version>},
    Field{"images", true, by_id<image>},
    Field{"volumes", true, array_of<volume>},
    Field{"dependencies", false, by_id<dependency>},
    Field{"hardwareRequirements", false, hardware},
};

}  // namespace

Result<json::Value> read_manifest(const Archive& archive) {
  const auto entry = archive.find(kManifest);
  if (!entry && entry.error().code != Errc::not_found) return fail(entry.error());
  if (!entry || entry->type != EntryType::file) {
    const std::string why = !entry ? "has no manifest.json"
                                   : "has no manifest.json file: the entry is of type " +
                                         std::string(type_name(entry->type));
    return fail(fault(Errc::validate_s9pk,
                      {Rule::manifest_missing, kManifest},
                      "the package " + why,
                      "pack it again with a manifest"));
  }
  TRY_ASSIGN(const std::string text, archive.read_file(kManifest));
  auto manifest = json::parse(text);
  if (!manifest) {
    return fail(not_json(*entry, text, manifest.error()));
  }
  if (!manifest->is_object()) {
    return fail(not_json(entry->position, "manifest.json does not hold an object"));
  }
  return std::move(*manifest);
}

Result<> check_manifest(const json::Value& manifest) {
  return check_fields(manifest, "", kManifestFields);
}

}  // namespace engine::archive
