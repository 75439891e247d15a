#include "rpc/method_table.hh"

#include <algorithm>
#include <array>

namespace engine::rpc {
namespace {

/// Metadata that decides who may call.
constexpr std::array<std::string_view, 4> kPermissionKeys = {
    "authenticated", "login", "admin", "local"};

bool same_permission(const Method& before, const Method& after) {
  return std::ranges::all_of(kPermissionKeys, [&](std::string_view key) {
    const json::Value* old_value = before.metadata.find(key);
    const json::Value* new_value = after.metadata.find(key);
    if (old_value == nullptr || new_value == nullptr) return old_value == new_value;
    return *old_value == *new_value;
  });
}

std::vector<std::string> changes(const Method& before, const Method& after) {
  std::vector<std::string> what;
  if (before.kind != after.kind) what.emplace_back("kind");
  if (before.context != after.context) what.emplace_back("context");
  if (before.deadline != after.deadline) what.emplace_back("deadline");
  if (before.max_params != after.max_params) what.emplace_back("max_params");
  if (!same_permission(before, after) || before.read_only != after.read_only) {
    what.emplace_back("permission");
  }
  if (before.metadata != after.metadata) what.emplace_back("metadata");
  if (before.version != after.version) what.emplace_back("version");
  if (before.params != after.params || before.raw_params != after.raw_params) {
    what.emplace_back("params");
  }
  if (before.result != after.result || before.raw_result != after.raw_result) {
    what.emplace_back("result");
  }
  return what;
}

json::Array to_array(const std::vector<std::string>& names) {
  return {names.begin(), names.end()};
}

}  // namespace

MethodDiff diff(const MethodTable& before, const MethodTable& after) {
  MethodDiff result;
  for (const Method& method : after.methods()) {
    const Method* old_method = before.find(method.name);
    if (old_method == nullptr) {
      result.added.push_back(method.name);
    } else if (auto what = changes(*old_method, method); !what.empty()) {
      result.changed.push_back({method.name, std::move(what)});
    }
  }
  for (const Method& method : before.methods()) {
    if (after.find(method.name) == nullptr) result.removed.push_back(method.name);
  }
  std::ranges::sort(result.added);
  std::ranges::sort(result.removed);
  std::ranges::sort(result.changed, {}, &MethodChange::name);
  return result;
}

json::Value MethodDiff::to_json() const {
  json::Array change_list;
  for (const MethodChange& change : changed) {
    json::Value entry;
    entry["method"] = change.name;
    entry["what"] = to_array(change.what);
    change_list.push_back(std::move(entry));
  }
  json::Value report;
  report["added"] = to_array(added);
  report["removed"] = to_array(removed);
  report["changed"] = std::move(change_list);
  return report;
}

}  // namespace engine::rpc
