#include "archive/package.hh"

#include "archive/fault.hh"
#include "json/reader.hh"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <set>

namespace engine::archive {
namespace {

constexpr std::array<std::string_view, 15> kImageExtensions = {"apng",
                                                               "avif",
                                                               "flif",
                                                               "gif",
                                                               "jpg",
                                                               "jpeg",
                                                               "jfif",
                                                               "pjpeg",
                                                               "pjp",
                                                               "jxl",
                                                               "png",
                                                               "svg",
                                                               "webp",
                                                               "mng",
                                                               "x-mng"};

constexpr std::string_view kDependencies = "dependencies/";

// In bytes; longer ones do not fit where they are shown.
constexpr std::size_t kShortDescription = 160;
constexpr std::size_t kLongDescription = 5000;

Error package_fault(Rule rule, std::string_view path, std::string message, std::string hint) {
  return fault(Errc::validate_s9pk, {rule, path}, std::move(message), std::move(hint));
}

/// The type of `path`; nothing when there is no such entry.
Result<std::optional<EntryType>> type_of(const Archive& archive, const std::string& path) {
  auto entry = archive.find(path);
  if (entry) return entry->type;
  if (entry.error().code == Errc::not_found) return std::nullopt;
  return fail(std::move(entry).error());
}

Result<bool> has_file(const Archive& archive, const std::string& path) {
  TRY_ASSIGN(const auto type, type_of(archive, path));
  return type == EntryType::file;
}

Result<> require_file(const Archive& archive, const std::string& path) {
  TRY_ASSIGN(const auto type, type_of(archive, path));
  if (type == EntryType::file) return {};
  const std::string why = !type ? "is not there" : "is of type " + std::string(type_name(*type));
  return fail(package_fault(Rule::required_file,
                            path,
                            "the package needs the file " + show_path(path) + ", which " + why,
                            "pack it again with that file, or get the complete package"));
}

bool is_icon(const Entry& entry) {
  return entry.type == EntryType::file && is_icon_name(entry.name);
}

Result<> check_icon(const Archive& archive, std::vector<std::string>& warnings) {
  TRY_ASSIGN(const std::vector<Entry> rows, archive.list());
  const auto icons = std::ranges::count_if(rows, is_icon);
  if (icons == 0) {
    return fail(package_fault(Rule::icon,
                              "icon",
                              "the package has no icon: a file \"icon.\" with an image extension",
                              "pack it again with icon.png or icon.svg"));
  }
  if (icons > 1) warnings.emplace_back("there is more than one icon; the largest is shown");
  return {};
}

/// Warns of the texts of a description, one or by locale, that are longer than `most`.
void check_length(const json::Value& description,
                  const std::string& name,
                  std::size_t most,
                  std::vector<std::string>& warnings) {
  const json::Value* text = description.find(name);
  const auto check = [&](const json::Value& each, const std::string& place) {
    if (each.string()->size() > most) {
      warnings.push_back("description." + place + " has " + std::to_string(each.string()->size()) +
                         " bytes, more than " + std::to_string(most));
    }
  };
  if (text->is_string()) return check(*text, name);
  for (const auto& [locale, translation] : *text->object())
    check(translation, name + "." + locale);
}

/// `{"title": text}`, the text plain, by locale, or null.
Result<> check_metadata(const Archive& archive, const std::string& path) {
  TRY_ASSIGN(const Entry entry, archive.find(path));
  TRY_ASSIGN(const std::string text, archive.read_file(path));
  const auto refuse = [&](const std::string& why) {
    return fail(fault(Errc::validate_s9pk,
                      {Rule::dependency_metadata, path, entry.position},
                      show_path(path) + " " + why,
                      "write it like {\"title\":\"Name of the package\"}, and pack again"));
  };
  const auto metadata = json::parse(text);
  if (!metadata) return refuse("is not JSON: " + metadata.error().message);
  if (!metadata->is_object()) return refuse("does not hold an object");
  const json::Value* title = metadata->find("title");
  if (title == nullptr || title->is_null() || title->is_string()) return {};
  const bool by_locale =
      title->is_object() && std::ranges::all_of(*title->object(), [](const auto& member) {
        return member.second.is_string();
      });
  if (by_locale) return {};
  return refuse("has a title that is neither a text nor texts by locale");
}

/// What is told about one package, in `folder`.
Result<> check_dependency(const Archive& archive,
                          const std::string& folder,
                          std::vector<std::string>& warnings) {
  TRY_ASSIGN(const bool described, has_file(archive, folder + "/metadata.json"));
  if (described) TRY(check_metadata(archive, folder + "/metadata.json"));
  TRY_ASSIGN(const std::vector<Entry> rows, archive.list(folder));
  if (std::ranges::count_if(rows, is_icon) > 1) {
    warnings.push_back("there is more than one icon in " + show_path(folder));
  }
  return {};
}

/// The ids of the packages a manifest depends on.
std::set<std::string> dependency_ids(const json::Value& manifest) {
  std::set<std::string> ids;
  const json::Value* known = manifest.find("dependencies");
  if (known == nullptr) return ids;
  for (const auto& [id, info] : *known->object())
    ids.insert(id);
  return ids;
}

/// What a package tells about those it depends on, all of it optional.
Result<> check_dependencies(const Archive& archive,
                            const json::Value& manifest,
                            std::vector<std::string>& warnings) {
  const std::string root(kDependencies.substr(0, kDependencies.size() - 1));
  TRY_ASSIGN(const auto type, type_of(archive, root));
  if (type != EntryType::directory) return {};
  const std::set<std::string> ids = dependency_ids(manifest);
  TRY_ASSIGN(const std::vector<Entry> rows, archive.list(root));
  std::vector<std::string> strangers;
  for (const Entry& row : rows) {
    if (!ids.contains(row.name)) {
      strangers.push_back(row.name);
    } else if (row.type == EntryType::directory) {
      TRY(check_dependency(archive, root + "/" + row.name, warnings));
    }
  }
  if (!strangers.empty()) {
    warnings.push_back(
        show_path(root + "/" + strangers.front()) + " belongs to no dependency of the manifest" +
        (strangers.size() == 1 ? "" : ", like " + std::to_string(strangers.size() - 1) + " more"));
  }
  return {};
}

std::vector<std::string> strings(const json::Value* value) {
  std::vector<std::string> out;
  if (value == nullptr || !value->is_array()) return out;
  for (const json::Value& item : *value->array())
    out.push_back(*item.string());
  return out;
}

/// The architectures for which `image` must be in the package.
Result<std::vector<std::string>> architectures(const json::Value& manifest,
                                               const std::string& id,
                                               const json::Value& image,
                                               std::string_view arch) {
  if (!arch.empty()) return std::vector<std::string>{std::string(arch)};
  const json::Value* hardware = manifest.find("hardwareRequirements");
  const json::Value* wanted = hardware != nullptr ? hardware->find("arch") : nullptr;
  if (wanted != nullptr && wanted->is_array()) return strings(wanted);
  const std::string emulated = image.string_or("emulateMissingAs", "");
  std::vector<std::string> own = strings(image.find("arch"));
  if (!emulated.empty() && std::ranges::find(own, emulated) != own.end()) return own;
  return fail(package_fault(
      Rule::image_arch,
      "manifest.json",
      "image \"" + id + "\": the manifest does not say for which architectures it is needed",
      "set hardwareRequirements.arch, or emulateMissingAs to one of the image's own"));
}

/// The path of an image without its extension.
Result<std::string> image_stem(const Archive& archive,
                               const std::string& id,
                               const std::string& arch,
                               const std::string& emulated) {
  const std::string stem = "images/" + arch + "/" + id;
  TRY_ASSIGN(const bool native, has_file(archive, stem + ".squashfs"));
  return native || emulated.empty() ? stem : "images/" + emulated + "/" + id;
}

constexpr std::array<std::string_view, 3> kImageParts = {".squashfs", ".json", ".env"};

/// Calls `use` with every file of every image that is needed.
Result<> each_image_file(const Archive& archive,
                         const json::Value& manifest,
                         std::string_view arch,
                         const std::function<Result<>(const std::string&)>& use) {
  for (const auto& [id, image] : *manifest.find("images")->object()) {
    TRY_ASSIGN(const auto wanted, architectures(manifest, id, image, arch));
    const std::string emulated = image.string_or("emulateMissingAs", "");
    for (const std::string& each : wanted) {
      TRY_ASSIGN(const std::string stem, image_stem(archive, id, each, emulated));
      for (std::string_view part : kImageParts)
        TRY(use(stem + std::string(part)));
    }
  }
  return {};
}

/// Whether a path is the title or the icon of one of these dependencies.
bool describes_dependency(std::string_view path, const std::set<std::string>& ids) {
  if (!path.starts_with(kDependencies)) return false;
  const std::string_view inner = path.substr(kDependencies.size());
  const auto slash = inner.find('/');
  if (slash == std::string_view::npos || !ids.contains(std::string(inner.substr(0, slash)))) {
    return false;
  }
  const std::string_view name = inner.substr(slash + 1);
  return name == "metadata.json" || name.starts_with("icon.");
}

/// The package's code is there, our own or that of foreign packages.
Result<> require_code(const Archive& archive) {
  for (std::string_view name : {"lua.squashfs", "javascript.squashfs"}) {
    TRY_ASSIGN(const bool found, has_file(archive, std::string(name)));
    if (found) return {};
  }
  return fail(package_fault(Rule::required_file,
                            "lua.squashfs",
                            "the package holds no code: neither lua.squashfs nor "
                            "javascript.squashfs is present",
                            "pack it again with its procedures"));
}

}  // namespace

bool is_icon_name(std::string_view name) {
  constexpr std::string_view kStem = "icon.";
  return name.starts_with(kStem) &&
         std::ranges::find(kImageExtensions, name.substr(kStem.size())) != kImageExtensions.end();
}

Result<std::vector<std::string>> check_members(const Archive& archive,
                                               const json::Value& manifest,
                                               std::string_view arch) {
  std::vector<std::string> warnings;
  TRY(check_icon(archive, warnings));
  TRY(require_file(archive, "LICENSE.md"));
  TRY(require_code(archive));
  TRY(each_image_file(archive, manifest, arch, [&](const std::string& path) {
    return require_file(archive, path);
  }));
  TRY_ASSIGN(const bool instructions, has_file(archive, "instructions.md"));
  if (!instructions) warnings.emplace_back("instructions.md is not there");
  TRY_ASSIGN(const bool assets, has_file(archive, "assets.squashfs"));
  TRY_ASSIGN(const auto folder, type_of(archive, "assets"));
  if (!assets && folder != EntryType::directory) {
    warnings.emplace_back("assets.squashfs is not there");
  }
  TRY(check_dependencies(archive, manifest, warnings));
  check_length(*manifest.find("description"), "short", kShortDescription, warnings);
  check_length(*manifest.find("description"), "long", kLongDescription, warnings);
  return warnings;
}

Result<std::function<bool(const std::string& path)>> needed_files(const Archive& archive,
                                                                  const json::Value& manifest,
                                                                  std::string_view arch) {
  std::set<std::string> names = {"manifest.json",
                                 "LICENSE.md",
                                 "instructions.md",
                                 "lua.squashfs",
                                 "javascript.squashfs",
                                 "assets.squashfs"};
  TRY_ASSIGN(const std::vector<Entry> rows, archive.list());
  for (const Entry& row : rows)
    if (is_icon(row)) names.insert(row.name);
  TRY(each_image_file(archive, manifest, arch, [&](const std::string& path) -> Result<> {
    names.insert(path);
    return require_file(archive, path);
  }));
  return [names = std::move(names), ids = dependency_ids(manifest)](const std::string& path) {
    return names.contains(path) || path.starts_with("assets/") || describes_dependency(path, ids);
  };
}

}  // namespace engine::archive
