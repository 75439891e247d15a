#include "http/chunk_reader.hh"

#include "http/utf8.hh"
#include <catch2/catch.hpp>

using engine::http::ChunkReader;

TEST_CASE("http/chunk_reader: the same body whatever the pieces", "[http]") {
  const std::string input =
      "5\r\nhello\r\n1;x=\"y\"\r\n \r\nA\r\nworldworld\r\n0\r\nA: b\r\n\r\nNEXT";
  for (std::size_t piece = 1; piece <= input.size(); ++piece) {
    ChunkReader reader;
    std::string body;
    std::string unread;
    std::size_t fed = 0;
    while (!reader.done() && fed < input.size()) {
      const std::string part = input.substr(fed, piece);
      fed += part.size();
      unread += part;
      unread.erase(0, reader.take(unread, body));
      REQUIRE_FALSE(reader.broken());
    }
    CHECK(body == "hello worldworld");
    CHECK(reader.done());
    CHECK(unread + input.substr(fed) == "NEXT");
  }
}

TEST_CASE("http/chunk_reader: gives what there is of a chunk", "[http]") {
  ChunkReader reader;
  std::string body;
  CHECK(reader.take("2\r\nhi\r\n", body) == 5);
  CHECK(body == "hi");
  CHECK(reader.take("\r\n9\r\na", body) == 6);
  CHECK(body == "hia");
}

TEST_CASE("http/utf8: knows what is well-formed", "[http]") {
  using engine::http::is_utf8;
  CHECK(is_utf8(""));
  CHECK(is_utf8("12345678901234567 \xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80 and on"));
  CHECK(is_utf8("\xEF\xBF\xBF\xF4\x8F\xBF\xBF\xED\x9F\xBF\xEE\x80\x80"));
  for (const char* bad : {"\x80",
                          "\xC1\xBF",
                          "\xE0\x9F\xBF",
                          "\xED\xA0\x80",
                          "\xF0\x8F\xBF\xBF",
                          "\xF4\x90\x80\x80",
                          "\xF5\x80\x80\x80",
                          "\xC3",
                          "\xE2\x82",
                          "\xF0\x9F\x98",
                          "1234567\xFF"})
    CHECK_FALSE(is_utf8(bad));
}
