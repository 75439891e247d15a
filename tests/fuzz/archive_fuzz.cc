#include "archive/header.hh"
#include "archive/level.hh"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>

using namespace engine;

namespace {

/// Opens, checks and lists `bytes` as a package. Only crashes, hangs and nameless errors count.
void chew(Bytes bytes) {
  const auto opened = archive::Archive::open(
      std::make_shared<archive::MemorySource>(std::move(bytes)), {.commitment = std::nullopt});
  if (!opened) {
    if (opened.error().message.empty()) std::abort();
    return;
  }
  const auto checked = archive::check(**opened, {.level = archive::Level::package});
  if (!checked && checked.error().message.empty()) std::abort();
}

/// Puts a good signature over whatever root table the input names, so that damage below the
/// signature is reached too. Gives nothing if that table cannot be parsed at all.
Bytes signed_again(Bytes bytes) {
  static const crypto::SigningKey key{crypto::SigningKey::Seed{}};
  if (bytes.size() < archive::kHeaderSize) return {};
  auto header = archive::decode_header(bytes);
  if (!header || !archive::lies_inside(header->table_position, header->table_size, bytes.size())) {
    return {};
  }
  const auto rows =
      archive::parse_table(ByteView(bytes).subspan(static_cast<std::size_t>(header->table_position),
                                                   static_cast<std::size_t>(header->table_size)),
                           "");
  if (!rows) return {};
  header->signer = key.public_key();
  header->root = {.root_sighash = archive::sighash(*rows), .root_maxsize = header->table_size};
  header->signature = key.sign(archive::kSignatureContext, header->root.message());
  std::ranges::copy(archive::encode_header(*header), bytes.begin());
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto* first = reinterpret_cast<const std::byte*>(data);
  Bytes bytes(first, first + size);
  if (Bytes again = signed_again(bytes); !again.empty()) chew(std::move(again));
  chew(std::move(bytes));
  return 0;
}
