#include "json/reader.hh"
#include "json/writer.hh"

#include "support/random_json.hh"
#include <catch2/catch.hpp>

using engine::Errc;
using engine::json::parse;
using engine::json::Value;
using engine::json::write;

TEST_CASE("json/text: reads back what it wrote", "[json]") {
  engine::test::RandomJson random(1);
  for (int i = 0; i < 3000; ++i) {
    const Value value = random.value(5, 6);
    const auto again = parse(write(value));
    REQUIRE(again.has_value());
    REQUIRE(*again == value);
    REQUIRE(*parse(engine::json::write_pretty(value)) == value);
  }
}

TEST_CASE("json/text: keeps numbers exact and apart", "[json]") {
  for (const char* text : {"-9223372036854775808",
                           "9223372036854775807",
                           "9223372036854775808",
                           "18446744073709551615",
                           "1.0",
                           "0.1",
                           "1e+300",
                           "-0.0",
                           "999999999999999999",
                           "-999999999999999999",
                           "1000000000000000000",
                           "5e-324"}) {
    CHECK(write(*parse(text)) == text);
  }
  CHECK(write(*parse("1.000000000000000003333357e-330")) == "0.0");
  CHECK(*parse("2.2250738585072011e-308")->real() == 2.2250738585072011e-308);
  CHECK(*parse("0." + std::string(400, '0') + "1e400")->real() == 0.1);
  CHECK(*parse("-1e-400")->real() == 0);
  CHECK(*parse("-0")->integer() == 0);
  CHECK(parse("1e309").error().code == Errc::parse_error);
  CHECK_FALSE(*parse("1") == *parse("1.0"));
  CHECK(parse("18446744073709551616")->real() != nullptr);
}

TEST_CASE("json/text: refuses what is no document", "[json]") {
  const std::string bad_utf8 = "\"\xff\"";
  for (const std::string& text : {std::string(),
                                  std::string("{"),
                                  std::string("[1,]"),
                                  std::string("1 2"),
                                  std::string("nul"),
                                  std::string("\"\n\""),
                                  std::string(R"("\ud834")"),
                                  std::string(R"("\uddDD")"),
                                  std::string(R"({"\udfff":1})"),
                                  std::string("01"),
                                  std::string("+1"),
                                  std::string("1."),
                                  bad_utf8}) {
    INFO(text);
    const auto value = parse(text);
    REQUIRE_FALSE(value.has_value());
    CHECK(value.error().code == Errc::parse_error);
  }
  CHECK(parse("[[[1]]]", 2).error().code == Errc::request_too_large);
  CHECK(parse("[[[1]]]", 3).has_value());
}

TEST_CASE("json/text: finds what is no UTF-8 wherever it lies", "[json]") {
  for (std::size_t before = 0; before < 20; ++before) {
    for (const std::string_view wrong : {"\xff", "\xc3", "\\udc00", "\xed\xa0\x80"}) {
      const std::string text = '"' + std::string(before, 'a').append(wrong) + R"(bcdefgh")";
      CAPTURE(text);
      CHECK(parse(text).error().code == Errc::parse_error);
    }
    const std::string good = std::string(before, 'a') + "\xc3\xa4";
    CHECK(parse('"' + good + '"').value() == Value(good));
    const std::string escaped = '"' + std::string(before, 'a') + R"(\n")";
    CHECK(parse(escaped).value() == Value(std::string(before, 'a') + '\n'));
  }
}

TEST_CASE("json/text: a string ends at its quotation mark, however long it is", "[json]") {
  for (std::size_t length = 0; length < 70; ++length) {
    const std::string text(length, 'x');
    CAPTURE(length);
    CHECK(parse('"' + text + '"').value() == Value(text));
    CHECK(write(*parse("[\"" + text + "\",\"\",\"~ \"]")) == "[\"" + text + "\",\"\",\"~ \"]");
    CHECK(write(*parse("{\"" + text + "\":1}")) == "{\"" + text + "\":1}");
    // What ends too early ends there, and the byte behind the text is not looked at.
    const std::string open = '"' + text + '"';
    CHECK(parse(std::string_view(open).substr(0, length + 1)).error().code == Errc::parse_error);
  }
}

TEST_CASE("json/text: a control character in a string is found wherever it lies", "[json]") {
  // The second one is not plain, and read in another way.
  for (const std::string_view before : {"[\"", "[\"\u00e4\",\""}) {
    for (std::size_t at = 0; at < 40; ++at) {
      for (const char wrong : {'\0', '\x01', '\n', '\x1f'}) {
        std::string text(before);
        text.append(at, 'a').append(1, wrong).append("bcdefghijk\"]");
        CAPTURE(text);
        const auto read = parse(text);
        REQUIRE_FALSE(read.has_value());
        CHECK(
            read.error().message.ends_with("(at byte " + std::to_string(before.size() + at) + ")"));
      }
      std::string fine(before);
      fine.append(at, 'a').append("\x7f \"]");
      CHECK(parse(fine).has_value());
    }
  }
}

TEST_CASE("json/text: keeps the last of two equal keys and NUL in text", "[json]") {
  CHECK(write(*parse(R"({"a":1,"a":2})")) == R"({"a":2})");
  CHECK(parse(R"("x\u0000y")")->string()->size() == 3);
  CHECK(write(*parse(R"("x\u0000y")")) == R"("x\u0000y")");
}

TEST_CASE("json/text: reports text and numbers that JSON cannot carry", "[json]") {
  std::string out;
  engine::json::Writer text(out);
  text.string("\xc0\x80");
  CHECK(text.finish().error().code == Errc::utf8);
  out.clear();
  engine::json::Writer number(out);
  number.real(1.0 / 0.0);
  CHECK(number.finish().error().code == Errc::serialization);
}

TEST_CASE("json/text: bytes that are no UTF-8 are replaced one by one", "[json]") {
  CHECK(engine::json::to_utf8("") == "");
  CHECK(engine::json::to_utf8("grün €\n") == "grün €\n");
  CHECK(engine::json::to_utf8("gr\xfc\xe2\x82") == "gr\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}
