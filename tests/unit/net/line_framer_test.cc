#include "net/line_framer.hh"

#include <catch2/catch.hpp>

#include <random>
#include <string>
#include <vector>

using engine::net::LineFramer;
using Event = LineFramer::Event;

namespace {

/// All lines of `framer` until it needs more; oversize shows as "<oversize>".
void collect(LineFramer& framer, std::vector<std::string>& lines) {
  while (true) {
    switch (framer.next()) {
      case Event::need_more:
        return;
      case Event::line:
        lines.emplace_back(framer.line());
        break;
      case Event::oversize:
        lines.emplace_back("<oversize>");
        break;
      case Event::exhausted:
        lines.emplace_back("<exhausted>");
        return;
    }
  }
}

std::vector<std::string> split(std::vector<std::string> chunks, LineFramer::Limits limits = {}) {
  LineFramer framer(limits);
  std::vector<std::string> lines;
  for (const std::string& chunk : chunks) {
    framer.feed(chunk);
    collect(framer, lines);
  }
  framer.end_of_input();
  collect(framer, lines);
  return lines;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("net/line_framer: cuts lines, drops CR, skips empty ones, gives the last without LF") {
  CHECK(split({"a\nb\r\n\n\r\nc"}) == Lines{"a", "b", "c"});
  CHECK(split({"a", "b", "\r", "\n", "c", "\n"}) == Lines{"ab", "c"});
  CHECK(split({"a\rb\n"}) == Lines{"a\rb"});
  CHECK(split({"", "\n", ""}).empty());
  CHECK(split({"x\r"}) == Lines{"x"});
}

TEST_CASE("net/line_framer: a line inside one chunk is not copied") {
  const std::string chunk = "first\nsecond\n";
  LineFramer framer;
  framer.feed(chunk);
  REQUIRE(framer.next() == Event::line);
  CHECK(framer.line().data() == chunk.data());
  REQUIRE(framer.next() == Event::line);
  CHECK(framer.line().data() == chunk.data() + 6);
  CHECK(framer.next() == Event::need_more);
  CHECK_FALSE(framer.inside_line());
}

TEST_CASE("net/line_framer: random splits and parking change nothing") {
  std::mt19937 random(7);
  for (int round = 0; round < 3'000; ++round) {
    std::string stream;
    Lines expected;
    for (std::size_t n = random() % 12; n-- > 0;) {
      const std::string line(random() % 20, static_cast<char>('a' + random() % 26));
      stream += line + (random() % 2 == 0 ? "\n" : "\r\n");
      if (line.size() > 10) {
        expected.emplace_back("<oversize>");
      } else if (!line.empty()) {
        expected.push_back(line);
      }
    }
    LineFramer framer({.line = 10, .skip = 1'000});
    Lines lines;
    for (std::size_t at = 0; at < stream.size();) {
      std::string chunk = stream.substr(at, 1 + random() % 9);
      at += chunk.size();
      framer.feed(chunk);
      if (random() % 3 == 0) {
        framer.park();
        chunk.assign(chunk.size(), '#');
      }
      while (framer.has_unread()) {
        const Event event = framer.next();
        if (event == Event::line) lines.emplace_back(framer.line());
        if (event == Event::oversize) lines.emplace_back("<oversize>");
        if (event != Event::need_more && random() % 3 == 0) {
          framer.park();
          chunk.assign(chunk.size(), '#');
        }
      }
    }
    framer.end_of_input();
    collect(framer, lines);
    REQUIRE(lines == expected);
  }
}

TEST_CASE("net/line_framer: the limit counts the line without its end") {
  const LineFramer::Limits limits{.line = 4, .skip = 100};
  CHECK(split({"1234\n"}, limits) == Lines{"1234"});
  CHECK(split({"1234\r\n"}, limits) == Lines{"1234"});
  CHECK(split({"12", "34", "\r", "\n"}, limits) == Lines{"1234"});
  CHECK(split({"1234"}, limits) == Lines{"1234"});
  CHECK(split({"12345\nok\n"}, limits) == Lines{"<oversize>", "ok"});
  CHECK(split({"123", "45", "6\nok\n"}, limits) == Lines{"<oversize>", "ok"});
  CHECK(split({"12345"}, limits) == Lines{"<oversize>"});
  CHECK(split({"1234\r\r\n"}, limits) == Lines{"<oversize>"});
}

TEST_CASE("net/line_framer: one oversize event per line, told before its end has come") {
  LineFramer framer({.line = 4, .skip = 100});
  Lines lines;
  const std::string part = "123456";
  for (int i = 0; i < 5; ++i) {
    framer.feed(part);
    collect(framer, lines);
    CHECK(lines == Lines{"<oversize>"});
    CHECK(framer.inside_line());
  }
  framer.feed("\nnext\n");
  collect(framer, lines);
  CHECK(lines == Lines{"<oversize>", "next"});
}

TEST_CASE("net/line_framer: gives up after skipping too much") {
  LineFramer framer({.line = 4, .skip = 50});
  Lines lines;
  const std::string part(20, 'x');
  for (int i = 0; i < 3; ++i) {
    framer.feed(part);
    collect(framer, lines);
  }
  CHECK(lines == Lines{"<oversize>", "<exhausted>"});
}
