#include "json/diff.hh"
#include "json/patch.hh"
#include "json/reader.hh"

#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace json = engine::json;

namespace {

/// A patch works as a whole, or leaves the document as it was and says why.
void apply_any(const json::Value& document, const json::Value& patch) {
  const auto operations = json::patch_from(patch);
  if (!operations) {
    if (operations.error().message.empty()) std::abort();
    return;
  }
  json::Value changed = document;
  const auto applied = json::apply_patch(changed, *operations);
  if (!applied && (applied.error().message.empty() || !(changed == document))) std::abort();
}

/// The way from one document to the other leads there, and is no longer than replacing it whole.
void go_from(const json::Value& before, const json::Value& after) {
  const json::Patch way = json::diff(before, after);
  json::Value there = before;
  if (!json::apply_patch(there, way) || !(there == after)) std::abort();
  if (before == after && !way.empty()) std::abort();
}

}  // namespace

/// Input: [document, patch], which are also two documents to compare.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = json::parse(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!input || input->array() == nullptr || input->array()->size() != 2) return 0;
  const json::Value& first = input->array()->at(0);
  const json::Value& second = input->array()->at(1);
  apply_any(first, second);
  go_from(first, second);
  return 0;
}
