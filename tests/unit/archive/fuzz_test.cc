#include "archive/level.hh"

#include "unit/archive/fault_info.hh"
#include "unit/archive/vectors.hh"
#include <catch2/catch.hpp>

#include <random>

using namespace engine;
using archive::Archive;

namespace {

/// Opens, checks and reads damaged bytes: any outcome but a crash, a hang or a nameless error.
void chew(Bytes bytes, const std::optional<archive::Commitment>& commitment) {
  const auto opened = Archive::open(std::make_shared<archive::MemorySource>(std::move(bytes)),
                                    {.commitment = commitment});
  const auto verdict = [&]() -> Result<> {
    TRY(opened);
    TRY(archive::check(**opened));
    return {};
  }();
  if (!verdict) {
    REQUIRE_FALSE(verdict.error().message.empty());
    REQUIRE_FALSE(test::fault_info(verdict.error(), "stage").empty());
  }
}

Bytes bytes_of(const std::string& file) {
  const std::string content = vectors::content(file);
  const ByteView view = as_bytes(content);
  return {view.begin(), view.end()};
}

}  // namespace

TEST_CASE("archive/fuzz: every single flipped bit of a package is survived", "[archive]") {
  const Bytes good = bytes_of("valid/21-base.s9pk");
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    chew(std::move(bad), std::nullopt);
  }
}

TEST_CASE("archive/fuzz: no flipped bit outside unsigned fields goes unseen", "[archive]") {
  // 01 has one file and no gaps: every byte is covered by the signature, a hash, or is a position.
  const Bytes good = bytes_of("valid/01-one-file.s9pk");
  for (std::size_t byte = 0; byte < good.size(); ++byte) {
    Bytes bad = good;
    bad[byte] ^= std::byte{0x10};
    const auto opened = Archive::open(std::make_shared<archive::MemorySource>(std::move(bad)));
    const bool accepted = opened && archive::check(**opened, {.level = archive::Level::archive});
    INFO("byte " << byte);
    CHECK_FALSE(accepted);
  }
}

TEST_CASE("archive/fuzz: every cut of a package is refused", "[archive]") {
  const Bytes good = bytes_of("valid/21-base.s9pk");
  for (std::size_t length = 0; length < good.size(); ++length) {
    Bytes cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(length));
    const auto opened = Archive::open(std::make_shared<archive::MemorySource>(std::move(cut)));
    CHECK_FALSE((opened && archive::check(**opened, {.level = archive::Level::archive})));
  }
}

TEST_CASE("archive/fuzz: random damage to random vectors is survived", "[archive]") {
  std::mt19937 random(20260131);  // NOLINT: the same damage every time
  std::vector<Bytes> samples;
  for (const auto& vector : vectors::all()) {
    Bytes bytes = bytes_of(vector.file);
    if (bytes.size() < 30000) samples.push_back(std::move(bytes));
  }
  const auto below = [&](std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
  };
  for (int round = 0; round < 4000; ++round) {
    Bytes bad = samples[below(samples.size())];
    if (bad.empty()) continue;
    for (std::size_t hits = 1 + below(6); hits > 0; --hits) {
      // Mostly past the signed part, where damage reaches the parsers.
      const std::size_t from = bad.size() > 155 && below(8) != 0 ? 139 : 0;
      bad[from + below(bad.size() - from)] = static_cast<std::byte>(below(256));
    }
    if (below(4) == 0) bad.resize(below(bad.size() + 1));
    chew(std::move(bad), std::nullopt);
  }
}
