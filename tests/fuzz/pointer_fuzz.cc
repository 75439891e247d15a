#include "json/pointer.hh"
#include "json/reader.hh"

#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace json = engine::json;

/// A pointer that parses is the same after its tokens are put together again, and looking it up
/// in any document gives a place or a reason.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const json::Value document =
      *json::parse(R"({"a":[1,{"":2,"~/":null}],"b":{"0":[[]],"-":"x"},"":{"":{}}})");
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto pointer = json::Pointer::parse(text);
  if (!pointer) {
    if (pointer.error().message.empty()) std::abort();
    return 0;
  }
  if (pointer->text() != text) std::abort();
  const auto again = json::Pointer::from_tokens(pointer->tokens());
  if (!again || *again != *pointer || again->text() != text) std::abort();
  const auto found = json::resolve(document, *pointer);
  if (!found && found.error().message.empty()) std::abort();
  if (found && *found == nullptr && pointer->is_root()) std::abort();
  return 0;
}
