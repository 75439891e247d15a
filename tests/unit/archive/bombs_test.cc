#include "archive/archive.hh"
#include "archive/edit.hh"
#include "archive/level.hh"

#include "support/archive_bombs.hh"
#include "unit/archive/fault_info.hh"
#include <catch2/catch.hpp>

using namespace engine;
using archive::Archive;

namespace {

/// A source that counts what is read of it.
class CountingSource final : public archive::ByteSource {
 public:
  explicit CountingSource(Bytes bytes) : inner_(std::move(bytes)) {}
  [[nodiscard]] std::uint64_t size() const override { return inner_.size(); }
  Result<> read(std::uint64_t offset, MutableBytes into) const override {
    read_ += into.size();
    return inner_.read(offset, into);
  }
  [[nodiscard]] std::uint64_t read_bytes() const { return read_; }

 private:
  archive::MemorySource inner_;
  mutable std::uint64_t read_ = 0;
};

}  // namespace

TEST_CASE("archive/bombs: each is refused by its rule, reading no more than there is",
          "[archive]") {
  for (const test::Bomb& bomb : test::archive_bombs()) {
    INFO(bomb.name);
    const auto source = std::make_shared<const CountingSource>(bomb.bytes);
    const auto verdict = [&]() -> Result<> {
      TRY_ASSIGN(const auto opened, Archive::open(source));
      TRY(archive::check(*opened, {.level = archive::Level::archive}));
      return {};
    }();
    REQUIRE_FALSE(verdict);
    CHECK(test::fault_info(verdict.error(), "rule") == bomb.rule);
    CHECK(source->read_bytes() <= bomb.bytes.size() + 155);
  }
}

TEST_CASE("archive/bombs: what they are made of is no crime", "[archive]") {
  // 64 levels below the root must work, and so must a table that is shared.
  for (const Bytes& bytes : {test::nested_directories(65, 1), test::nested_directories(10, 3)}) {
    const auto opened = Archive::open(std::make_shared<archive::MemorySource>(bytes));
    REQUIRE(opened);
    CHECK(archive::check(**opened, {.level = archive::Level::archive}));
    CHECK((*opened)->list("d0/d0/d0"));
  }
}

TEST_CASE("archive/bombs: they are refused when they are copied, too", "[archive]") {
  for (const test::Bomb& bomb : test::archive_bombs()) {
    INFO(bomb.name);
    const auto opened = Archive::open(std::make_shared<archive::MemorySource>(bomb.bytes));
    if (!opened || bomb.rule == "file-overlap") continue;
    CHECK_FALSE(archive::copy_tree(*opened));
  }
}
