#include "archive/legacy.hh"

#include "archive/cbor.hh"
#include "archive/header.hh"
#include "json/writer.hh"

#include "support/legacy_package.hh"
#include "unit/archive/fault_info.hh"
#include <catch2/catch.hpp>

#include <tuple>

using namespace engine;
using archive::LegacyPackage;

namespace {

Result<std::shared_ptr<const LegacyPackage>> open(Bytes bytes) {
  return LegacyPackage::open(std::make_shared<archive::MemorySource>(std::move(bytes)));
}

Result<std::shared_ptr<const LegacyPackage>> open(const test::LegacyMaker& maker) {
  return open(maker.make());
}

std::string rule_of(const Result<std::shared_ptr<const LegacyPackage>>& opened) {
  REQUIRE_FALSE(opened);
  return test::fault_info(opened.error(), "rule");
}

/// CBOR of a number in so many arrays.
std::string nested(std::size_t levels) {
  std::string text(levels, '\x81');
  text += '\x01';
  return text;
}

/// Gives other bytes at the second time than at the first.
class FickleSource final : public archive::ByteSource {
 public:
  explicit FickleSource(Bytes bytes) : inner_(std::move(bytes)) {}
  [[nodiscard]] std::uint64_t size() const override { return inner_.size(); }
  Result<> read(std::uint64_t offset, MutableBytes into) const override {
    TRY(inner_.read(offset, into));
    if (fickle && !into.empty()) into[0] ^= std::byte{1};
    return {};
  }
  bool fickle = false;

 private:
  archive::MemorySource inner_;
};

}  // namespace

TEST_CASE("archive/legacy: a package gives its sections, manifest and signer", "[archive]") {
  const test::LegacyMaker maker;
  const auto opened = open(maker);
  REQUIRE(opened);
  const auto& package = **opened;
  CHECK(package.signer() == test::LegacyMaker::key().public_key());
  CHECK(package.manifest().string_or("id", "") == "a");
  REQUIRE(package.sections().size() == maker.sections.size());
  for (std::size_t i = 0; i < maker.sections.size(); ++i) {
    const auto& [label, content] = maker.sections[i];
    INFO(label);
    CHECK(package.sections()[i].label == label);
    CHECK(package.sections()[i].hash == crypto::blake3(as_bytes(content)));
    archive::MemorySink sink;
    REQUIRE(package.copy(label, sink));
    CHECK(as_text(sink.bytes()) == content);
  }
  archive::MemorySink sink;
  CHECK(package.copy("nothing", sink).error().code == Errc::not_found);
}

TEST_CASE("archive/legacy: sections larger than a piece, gaps and empty sections anywhere",
          "[archive]") {
  test::LegacyMaker maker;
  maker.sections[1].second = std::string((3U << 20U) + 17, 'x');
  maker.gap = 5;
  maker.sections.emplace_back("scripts", "");
  maker.place["scripts"] = {0, 0};  // what old packers wrote when there were none
  std::uint64_t last = 0;
  const auto opened =
      LegacyPackage::open(std::make_shared<archive::MemorySource>(maker.make()),
                          {.stop = {}, .progress = [&](std::uint64_t done, std::uint64_t total) {
                             CHECK(done > last);
                             CHECK(done <= total);
                             last = done;
                           }});
  REQUIRE(opened);
  CHECK(last == (*opened)->size());
  CHECK((*opened)->sections()[0].label == "scripts");
  archive::MemorySink sink;
  REQUIRE((*opened)->copy("license", sink));
  CHECK(as_text(sink.bytes()) == maker.sections[1].second);
}

TEST_CASE("archive/legacy: no byte can be changed or lost unnoticed", "[archive]") {
  const test::LegacyMaker maker;
  const Bytes good = maker.make();
  for (std::size_t at = 0; at < good.size(); ++at) {
    INFO(at);
    Bytes changed = good;
    changed[at] ^= std::byte{0x40};
    const auto opened = open(std::move(changed));
    // Only labels and places of sections are not signed; one of them may be good as it is.
    if (opened) CHECK((at >= 103 && at < maker.table_end()));
    if (!opened) CHECK_FALSE(test::fault_info(opened.error(), "rule").empty());
    const auto cut = open(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(at)));
    CHECK_FALSE(cut);
  }
  Bytes longer = good;
  longer.push_back(std::byte{0});
  CHECK(rule_of(open(std::move(longer))) == "signature");
}

TEST_CASE("archive/legacy: what breaks a rule is refused by its name", "[archive]") {
  using Change = void (*)(test::LegacyMaker&);
  static constexpr std::uint64_t kHuge = std::uint64_t{1} << 63U;
  const std::vector<std::tuple<std::string, Change>> cases = {
      {"table-limit", [](test::LegacyMaker& maker) { maker.table_length = 0xffffffff; }},
      {"table-range", [](test::LegacyMaker& maker) { maker.table_length = 0xffff; }},
      {"entry-length", [](test::LegacyMaker& maker) { maker.table_length = 20; }},
      {"name", [](test::LegacyMaker& maker) { maker.sections.emplace_back("..", "x"); }},
      {"name", [](test::LegacyMaker& maker) { maker.sections.emplace_back("", "x"); }},
      {"duplicate-name", [](test::LegacyMaker& maker) { maker.sections.emplace_back("icon", ""); }},
      {"required-file", [](test::LegacyMaker& maker) { maker.sections.pop_back(); }},
      {"file-range",
       [](test::LegacyMaker& maker) {
         maker.place["icon"] = {kHuge, kHuge};
       }},
      {"file-range",
       [](test::LegacyMaker& maker) {
         maker.place["icon"] = {400, kHuge};
       }},
      {"file-range",
       [](test::LegacyMaker& maker) {
         maker.place["icon"] = {3, 32};
       }},
      {"file-overlap",
       [](test::LegacyMaker& maker) {
         maker.place["icon"] = {maker.table_end(), 2};
       }},
      {"manifest-cbor", [](test::LegacyMaker& maker) { maker.sections[0].second = "\x81"; }},
      {"manifest-cbor", [](test::LegacyMaker& maker) { maker.sections[0].second = "\x01"; }},
      {"file-limit",
       [](test::LegacyMaker& maker) { maker.sections[0].second.assign((1U << 20U) + 1, '\0'); }},
  };
  for (const auto& [rule, change] : cases) {
    INFO(rule);
    test::LegacyMaker maker;
    change(maker);
    CHECK(rule_of(open(maker)) == rule);
  }
}

TEST_CASE("archive/legacy: each version has its reader", "[archive]") {
  Bytes bytes = test::LegacyMaker().make();
  const auto refused = archive::decode_header(bytes);
  REQUIRE_FALSE(refused);
  CHECK(test::fault_info(refused.error(), "rule") == "version");
  CHECK(refused.error().hint.find("s9pk convert") != std::string::npos);
  for (const unsigned version : {0U, 2U, 9U}) {
    bytes[2] = static_cast<std::byte>(version);
    CHECK(rule_of(open(bytes)) == "version");
  }
}

TEST_CASE("archive/legacy: a section that changes after the check is not given", "[archive]") {
  const auto source = std::make_shared<FickleSource>(test::LegacyMaker().make());
  const auto opened = LegacyPackage::open(source);
  REQUIRE(opened);
  source->fickle = true;
  archive::MemorySink sink;
  const auto copied = (*opened)->copy("license", sink);
  REQUIRE_FALSE(copied);
  CHECK(test::fault_info(copied.error(), "rule") == "file-hash");
}

TEST_CASE("archive/cbor: what JSON can say is read", "[archive]") {
  using namespace std::string_view_literals;
  const std::vector<std::pair<std::string_view, std::string>> cases = {
      {"\xa0"sv, "{}"},
      {"\x80"sv, "[]"},
      {"\xf6"sv, "null"},
      {"\x83\xf4\xf5\x18\xff"sv, "[false,true,255]"},
      {"\x82\x1b\xff\xff\xff\xff\xff\xff\xff\xff\x3a\x7f\xff\xff\xff"sv,
       "[18446744073709551615,-2147483648]"},
      {"\x83\xf9\x3e\x00\xfa\x3f\xc0\x00\x00\xfb\x3f\xf8\x00\x00\x00\x00\x00\x00"sv,
       "[1.5,1.5,1.5]"},
      {"\xbf\x61"
       "a\x9f\x01\x02\xff\x7f\x61"
       "b\x61"
       "c\xff\xf6\xff"sv,
       R"({"a":[1,2],"bc":null})"},
      {"\xa2\x61"
       "b\xa1\x61"
       "c\x80\x61"
       "a\x62\xc3\xa4"sv,
       R"({"a":"ä","b":{"c":[]}})"},
  };
  for (const auto& [text, wanted] : cases) {
    INFO(wanted);
    const auto value = archive::parse_cbor(as_bytes(text), 0);
    REQUIRE(value);
    CHECK(json::write(*value) == wanted);
  }
}

TEST_CASE("archive/cbor: all else is refused with its place", "[archive]") {
  using namespace std::string_view_literals;
  const std::vector<std::pair<std::string_view, std::uint64_t>> cases = {
      {""sv, 0},
      {"\xa1\x61"
       "a"sv,
       3},                                            // cut off
      {"\xa0\x00"sv, 1},                              // bytes after the end
      {"\x9b\x7f\xff\xff\xff\xff\xff\xff\xff"sv, 9},  // 2^63 members, and none there
      {"\x7b\x7f\xff\xff\xff\xff\xff\xff\xff"
       "abc"sv,
       12},
      {"\xa1\x01\x01"sv, 1},  // a key that is no text
      {"\xc1\x00"sv, 0},      // a tag
      {"\x1c"sv, 0},          // reserved
  };
  for (const auto& [text, offset] : cases) {
    INFO(offset << " of " << text.size());
    const auto value = archive::parse_cbor(as_bytes(text), 1000);
    REQUIRE_FALSE(value);
    CHECK(test::fault_info(value.error(), "rule") == "manifest-cbor");
    CHECK(test::fault_offset(value.error()) == 1000 + offset);
  }
  const std::vector<std::pair<std::string, std::string>> told = {
      {"\xa2\x61"
       "a\x01\x61"
       "a\x02",
       "\"a\" twice"},
      {"\x41\x01", "bytes"},
      {"\x61\xff", "UTF-8"},
      {"\xa1\x61\xff\x01", "UTF-8"},
      {"\xf9\x7e" + std::string(1, '\0'), "not finite"},
      {nested(65), "64 levels"},
      {std::string(1U << 20U, '\x81'), "64 levels"},
  };
  for (const auto& [text, words] : told) {
    const auto value = archive::parse_cbor(as_bytes(text), 0);
    REQUIRE_FALSE(value);
    CHECK_THAT(value.error().message, Catch::Contains(words));
  }
  CHECK(archive::parse_cbor(as_bytes(nested(64)), 0));
}
