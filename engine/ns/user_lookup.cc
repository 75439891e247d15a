#include "ns/user_lookup.hh"

#include "ns/in_root.hh"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace engine::ns {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::optional<uid_t> to_id(std::string_view text) {
  uid_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return {};
  return id;
}

// An image without the file is one that names nobody.
Result<std::string> read_names(int root, const char* path) {
  auto content = read_file_in_root(root, path);
  if (!content && content.error().code == Errc::not_found) return std::string();
  return content;
}

// name:password:uid:gid:comment:home:shell
Result<UserIdentity> find_in_passwd(std::string_view passwd, std::string_view user) {
  const auto number = to_id(user);
  for (const auto line : split(passwd, '\n')) {
    const auto fields = split(line, ':');
    if (fields.size() < 6) continue;
    const auto uid = to_id(fields[2]);
    const auto gid = to_id(fields[3]);
    if (!uid || !gid) continue;
    if (number ? *uid != *number : fields[0] != user) continue;
    return UserIdentity{.uid = *uid,
                        .gid = *gid,
                        .groups = {},
                        .name = std::string(fields[0]),
                        .home = fields[5].empty() ? "/" : std::string(fields[5])};
  }
  if (number) return UserIdentity{.uid = *number, .gid = 0, .groups = {}, .name = {}, .home = "/"};
  if (user == "root") {
    return UserIdentity{.uid = 0, .gid = 0, .groups = {}, .name = "root", .home = "/root"};
  }
  return fail(Errc::not_found, fmt::format("the image has no user '{}'", user));
}

// name:password:gid:member,member
Result<gid_t> find_group(std::string_view groups, std::string_view group) {
  if (const auto number = to_id(group)) return *number;
  for (const auto line : split(groups, '\n')) {
    const auto fields = split(line, ':');
    if (fields.size() < 3 || fields[0] != group) continue;
    if (const auto gid = to_id(fields[2])) return *gid;
  }
  return fail(Errc::not_found, fmt::format("the image has no group '{}'", group));
}

std::vector<gid_t> groups_of(std::string_view groups, std::string_view user) {
  std::vector<gid_t> found;
  if (user.empty()) return found;
  for (const auto line : split(groups, '\n')) {
    const auto fields = split(line, ':');
    if (fields.size() < 4) continue;
    const auto members = split(fields[3], ',');
    const auto gid = to_id(fields[2]);
    if (gid && std::find(members.begin(), members.end(), user) != members.end()) {
      found.push_back(*gid);
    }
  }
  return found;
}

}  // namespace

Result<UserIdentity> find_user(int root, std::string_view user) {
  const auto colon = user.find(':');
  const std::string_view name = colon == 0 || user.empty() ? "0" : user.substr(0, colon);
  TRY_ASSIGN(const std::string passwd, read_names(root, "etc/passwd"));
  TRY_ASSIGN(const std::string groups, read_names(root, "etc/group"));
  TRY_ASSIGN(UserIdentity identity, find_in_passwd(passwd, name));
  if (colon != std::string_view::npos) {
    TRY_ASSIGN(identity.gid, find_group(groups, user.substr(colon + 1)));
  }
  identity.groups = groups_of(groups, identity.name);
  return identity;
}

}  // namespace engine::ns
