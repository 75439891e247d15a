#include "archive/header.hh"
#include "archive/level.hh"
#include "archive/package.hh"
#include "archive/writer.hh"

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
  const auto checked = archive::check(**opened);
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

/// Packs the input as a manifest with all a package needs beside it, so that the rules of manifests
/// and members are reached, which only hold for content with the right hash.
void chew_manifest(std::string_view text) {
  archive::Tree tree;
  const bool made = tree.add_text("manifest.json", text) && tree.add_text("icon.png", "") &&
                    tree.add_text("LICENSE.md", "") && tree.add_text("lua.squashfs", "") &&
                    tree.add_text("images/x86_64/main.squashfs", "") &&
                    tree.add_text("images/x86_64/main.json", "") &&
                    tree.add_text("images/x86_64/main.env", "");
  archive::MemorySink sink;
  const crypto::SigningKey key{crypto::SigningKey::Seed{}};
  if (!made || !archive::write_archive(tree, archive::seal_with(key), sink)) std::abort();
  const auto opened = archive::Archive::open(std::make_shared<archive::MemorySource>(sink.take()));
  if (!opened || !archive::check(**opened, {.level = archive::Level::archive})) std::abort();
  const auto checked = archive::check(**opened);
  if (!checked && checked.error().message.empty()) std::abort();
  if (!checked) return;
  const auto needed = archive::needed_files(**opened, *checked->manifest, "x86_64");
  if (needed && !(*needed)("manifest.json")) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto* first = reinterpret_cast<const std::byte*>(data);
  Bytes bytes(first, first + size);
  if (size > 0 && data[0] == '{') chew_manifest(as_text(bytes));
  if (Bytes again = signed_again(bytes); !again.empty()) chew(std::move(again));
  chew(std::move(bytes));
  return 0;
}
