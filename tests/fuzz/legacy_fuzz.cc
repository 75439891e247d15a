#include "archive/cbor.hh"
#include "archive/legacy.hh"

#include "support/legacy_package.hh"

#include <cstdint>
#include <cstdlib>
#include <memory>

using namespace engine;

namespace {

/// Opens `bytes` and takes everything out. Only crashes, hangs and nameless errors count.
void chew(Bytes bytes) {
  const auto opened =
      archive::LegacyPackage::open(std::make_shared<archive::MemorySource>(std::move(bytes)));
  if (!opened) {
    if (opened.error().message.empty()) std::abort();
    return;
  }
  if (!(*opened)->manifest().is_object()) std::abort();
  for (const archive::LegacySection& section : (*opened)->sections()) {
    archive::MemorySink sink;
    if (!(*opened)->copy(section.label, sink) || sink.bytes().size() != section.size) std::abort();
  }
}

/// Puts a good signature over what the input says is signed, so that what lies behind it is
/// reached.
Bytes signed_again(Bytes bytes) {
  constexpr std::size_t kTableAt = 103;
  if (bytes.size() < kTableAt) return {};
  std::size_t length = 0;
  for (std::size_t i = kTableAt - 4; i < kTableAt; ++i)
    length = length << 8U | std::to_integer<std::size_t>(bytes[i]);
  if (length > bytes.size() - kTableAt) return {};
  const auto& key = test::LegacyMaker::key();
  const auto signature =
      key.sign(archive::kSignatureContext, ByteView(bytes).subspan(kTableAt + length));
  std::ranges::copy(key.public_key().bytes, bytes.begin() + 3);
  std::ranges::copy(signature, bytes.begin() + 35);
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto* first = reinterpret_cast<const std::byte*>(data);
  const Bytes bytes(first, first + size);
  if (Bytes again = signed_again(bytes); !again.empty()) chew(std::move(again));
  chew(bytes);
  // A package whose manifest is the input.
  test::LegacyMaker maker;
  maker.sections[0].second = as_text(bytes);
  chew(maker.make());
  return 0;
}
