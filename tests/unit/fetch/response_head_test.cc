#include "fetch/response_head.hh"

#include <catch2/catch.hpp>

using namespace engine::fetch;

TEST_CASE("fetch/response_head: reads ranges of bytes and nothing else", "[fetch]") {
  CHECK(parse_content_range("bytes 0-16383/100000") ==
        ContentRange{.first = 0, .last = 16383, .total = 100000});
  CHECK(parse_content_range("bytes 5-5/*") == ContentRange{.first = 5, .last = 5});
  CHECK(parse_content_range("bytes 0-18446744073709551615/*"));
  for (const char* text : {"",
                           "bytes",
                           "bytes */100",
                           "bytes 5-4/100",
                           "bytes 0-16383",
                           "bytes 0-16383/",
                           "bytes 0-/5",
                           "bytes -5/5",
                           "bytes 0x1-5/9",
                           "bytes +1-5/9",
                           "bytes 1-5/9 ",
                           "lines 1-5/9",
                           "bytes 1/5-9",
                           "bytes 0-18446744073709551616/*"}) {
    INFO(text);
    CHECK_FALSE(parse_content_range(text));
  }
}

TEST_CASE("fetch/response_head: a status line begins a new answer", "[fetch]") {
  ResponseHead head;
  head.take_line("HTTP/1.1 302 Found");
  head.take_line("Content-Length: 7");
  head.take_line("ETag: \"old\"");
  head.take_line("HTTP/2 206");
  head.take_line("content-RANGE:  bytes 1-2/3\t");
  head.take_line("Last-Modified: yesterday");
  head.take_line("no colon");
  CHECK(head.status == 206);
  CHECK_FALSE(head.length);
  CHECK(head.etag.empty());
  CHECK(head.last_modified == "yesterday");
  CHECK(head.range == ContentRange{.first = 1, .last = 2, .total = 3});
  CHECK_FALSE(head.encoded);
  head.take_line("Content-Encoding: gzip");
  head.take_line("Content-Length: 12x");
  CHECK(head.encoded);
  CHECK_FALSE(head.length);
}
