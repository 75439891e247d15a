#include "json/pointer.hh"

#include "json/reader.hh"

#include <catch2/catch.hpp>

using engine::Errc;
using engine::json::array_index;
using engine::json::parse;
using engine::json::Pointer;
using engine::json::resolve;
using engine::json::Value;

namespace {

const Value kDocument = *parse(R"({"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,
  "i\\j":5,"k\"l":6," ":7,"m~n":8,"café":{"é":9},"12":10})");

/// The value at `text`; nothing if there is none.
const Value* at(std::string_view text) {
  return *resolve(kDocument, *Pointer::parse(text));
}

}  // namespace

TEST_CASE("json/pointer: resolves the examples of RFC 6901", "[json]") {
  CHECK(*at("") == kDocument);
  CHECK(*at("/foo/0") == Value("bar"));
  CHECK(at("/foo")->array()->size() == 2);
  const std::pair<const char*, int> rows[] = {{"/", 0},
                                              {"/a~1b", 1},
                                              {"/c%d", 2},
                                              {"/e^f", 3},
                                              {"/g|h", 4},
                                              {"/i\\j", 5},
                                              {"/k\"l", 6},
                                              {"/ ", 7},
                                              {"/m~0n", 8},
                                              {"/caf\xc3\xa9/\xc3\xa9", 9},
                                              {"/12", 10}};
  for (const auto& [text, number] : rows) {
    INFO(text);
    REQUIRE(at(text) != nullptr);
    CHECK(*at(text) == Value(number));
  }
}

TEST_CASE("json/pointer: refuses what the grammar refuses", "[json]") {
  for (const char* text : {"a", "/a~", "/~2", "/~/", "#/a", "/\xff", "/\xed\xa0\x80"}) {
    INFO(text);
    const auto pointer = Pointer::parse(text);
    REQUIRE_FALSE(pointer.has_value());
    CHECK(pointer.error().code == Errc::invalid_params);
    CHECK_FALSE(pointer.error().hint.empty());
  }
}

TEST_CASE("json/pointer: decodes each escape once", "[json]") {
  CHECK(Pointer::parse("/~01")->last() == "~1");
  CHECK(Pointer::parse("/~10")->last() == "/0");
}

TEST_CASE("json/pointer: takes only plain numbers for indices", "[json]") {
  CHECK(array_index("0") == 0U);
  CHECK(array_index("12") == 12U);
  for (const char* text : {"", "01", "00", "-1", "+1", "1e0", " 1", "-", "18446744073709551616"}) {
    INFO(text);
    CHECK_FALSE(array_index(text).has_value());
  }
  CHECK_FALSE(resolve(kDocument, *Pointer::parse("/foo/01")).has_value());
  CHECK(at("/foo/2") == nullptr);
  CHECK(at("/foo/-") == nullptr);
  CHECK(at("/foo/0/x") == nullptr);
}

TEST_CASE("json/pointer: enforces depth and length", "[json]") {
  std::string deep;
  for (std::size_t i = 0; i < Pointer::kMaxDepth; ++i)
    deep += "/x";
  CHECK(Pointer::parse(deep).has_value());
  CHECK_FALSE(Pointer::parse(deep + "/x").has_value());
  CHECK_FALSE(Pointer::parse("/" + std::string(Pointer::kMaxBytes, 'x')).has_value());
}

TEST_CASE("json/pointer: takes pointers apart and puts them together", "[json]") {
  const Pointer pointer = *Pointer::from_tokens({"a/b", "", "~", "7"});
  CHECK(pointer.text() == "/a~1b//~0/7");
  CHECK(*Pointer::parse(pointer.text()) == pointer);
  CHECK(pointer.parent().text() == "/a~1b//~0");
  CHECK(pointer.parent().child(7) == pointer);
  CHECK(pointer.without_front(2).text() == "/~0/7");
  CHECK(pointer.starts_with(pointer.parent()));
  CHECK_FALSE(pointer.parent().starts_with(pointer));
  CHECK_FALSE(Pointer::parse("/ab")->starts_with(*Pointer::parse("/a")));
  CHECK(Pointer().parent().is_root());
}
