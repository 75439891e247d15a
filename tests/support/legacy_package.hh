#pragma once

#include "archive/commitment.hh"
#include "archive/wire.hh"
#include "crypto/ed25519.hh"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace engine::test {

/// Builds signed packages of version 1, right ones and wrong ones.
struct LegacyMaker {
  std::vector<std::pair<std::string, std::string>> sections = {
      {"manifest",
       "\xa1\x62id\x61"
       "a"},
      {"license", "MIT"},
      {"instructions", "none"},
      {"icon", "<svg/>"},
      {"docker_images", "tar"},
      {"assets", "another tar"},
  };
  std::size_t gap = 0;  ///< before each section
  /// What the table says of a section instead of the truth: position and length.
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> place = {};
  std::optional<std::uint64_t> table_length = std::nullopt;  ///< instead of the truth

  static const crypto::SigningKey& key() {
    static const crypto::SigningKey key{crypto::SigningKey::Seed{}};
    return key;
  }

  /// Where the signed bytes begin.
  [[nodiscard]] std::uint64_t table_end() const {
    std::uint64_t end = 103;
    for (const auto& [label, content] : sections)
      end += 17 + label.size();
    return end;
  }

  [[nodiscard]] Bytes make() const {
    Bytes table;
    Bytes content;
    for (const auto& [label, text] : sections) {
      content.resize(content.size() + gap);
      const auto found = place.find(label);
      const auto [position, size] =
          found != place.end()
              ? found->second
              : std::pair<std::uint64_t, std::uint64_t>{table_end() + content.size(), text.size()};
      table.push_back(static_cast<std::byte>(label.size()));
      append(table, as_bytes(label));
      append(table, archive::encode_u64(position));
      append(table, archive::encode_u64(size));
      append(content, as_bytes(text));
    }
    Bytes out = {std::byte{0x3b}, std::byte{0x3b}, std::byte{1}};
    append(out, key().public_key().bytes);
    append(out, key().sign(archive::kSignatureContext, content));
    append(out, ByteView(archive::encode_u64(table_length.value_or(table.size()))).subspan(4));
    append(out, table);
    append(out, content);
    return out;
  }

 private:
  static void append(Bytes& out, ByteView part) { out.insert(out.end(), part.begin(), part.end()); }
};

}  // namespace engine::test
