#include "json/reader.hh"
#include "json/writer.hh"
#include "store/store.hh"

#include "support/temp_dir.hh"

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

namespace json = engine::json;
namespace store = engine::store;

namespace {

struct Place {
  engine::test::TempDir directory;
  std::unique_ptr<store::Store> document = *store::Store::open(directory.path() / "store");
};

store::Store& document() {
  static const auto place = std::make_unique<Place>();
  return *place->document;
}

std::string dump() {
  std::string text;
  json::Writer out(text);
  if (!document().peek()->write({}, out)) std::abort();
  return text;
}

}  // namespace

/// A text is no document, one that the store does not take, or it comes back the same: loaded over
/// whatever was there before, so that the difference is stored, too.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = json::parse(text);
  if (!value) {
    if (value.error().message.empty()) std::abort();
    return 0;
  }
  const std::string before = dump();
  const auto done =
      document().mutate([&](store::Mutation& mutation) { return mutation.put({}, *value); });
  if (!done) {
    if (done.error().message.empty() || dump() != before) std::abort();
    return 0;
  }
  const std::string after = dump();
  if (after != json::write(*value) || done->changed != (after != before)) std::abort();
  const auto again = json::parse(after);
  if (!again || !(*again == *value)) std::abort();
  return 0;
}
