#include "http/frame_reader.hh"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>

using engine::http::FrameReader;
using Event = FrameReader::Part::Event;
using namespace std::string_literals;

namespace {

/// "a message" of any size that is not the same everywhere.
std::string sample(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t at = 0; at < size; ++at)
    text[at] = static_cast<char>(at * 7 + at / 256);
  return text;
}

/// What a client would send: the head as given, a mask and the payload under it.
std::string masked(std::string_view head, std::string_view payload) {
  const std::string mask = "\x9c\x01\xf0\x37"s;
  std::string out(head);
  out += mask;
  for (std::size_t at = 0; at < payload.size(); ++at)
    out += static_cast<char>(payload[at] ^ mask[at % 4]);
  return out;
}

/// All payloads, `step` bytes at a time: '[' begins a frame, ']' ends it, '!' it is broken.
std::string read(std::string_view bytes, std::size_t step, FrameReader::From from) {
  FrameReader reader(from);
  std::string seen;
  std::string waiting;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    waiting += bytes.substr(at, step);
    reader.feed(waiting);
    while (true) {
      const FrameReader::Part part = reader.next();
      if (part.event == Event::need_more) break;
      if (part.event == Event::broken) return seen + "!";
      if (part.first) seen += "[";
      seen += part.payload;
      if (part.last) seen += "]";
    }
    waiting.erase(0, reader.used());
  }
  return seen;
}

std::string from_client(std::string_view bytes) {
  return read(bytes, bytes.size(), FrameReader::From::client);
}

}  // namespace

TEST_CASE("frames: the standard's examples", "[http]") {
  FrameReader reader;
  std::string hello = "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"s;
  reader.feed(hello);
  const FrameReader::Part part = reader.next();
  CHECK(part.event == Event::part);
  CHECK(part.opcode == 1);
  CHECK((part.fin && part.first && part.last));
  CHECK(part.payload == "Hello");
  CHECK(part.frame_size == 5);
  CHECK(reader.used() == hello.size());
  CHECK(reader.next().event == Event::need_more);
  CHECK(read("\x81\x05Hello"s, 100, FrameReader::From::server) == "[Hello]");
}

TEST_CASE("frames: come out the same however their bytes arrive", "[http]") {
  for (const std::size_t size : {0, 1, 3, 7, 8, 9, 125, 126, 1000, 65'535, 65'536, 70'001}) {
    const std::string payload = sample(size);
    std::string bytes;
    engine::http::write_masked_frame(bytes, 2, payload);
    engine::http::write_masked_frame(bytes, 1, "next");
    for (const std::size_t step : {std::size_t{1}, std::size_t{5}, std::size_t{4096}, bytes.size()})
      CHECK(read(bytes, step, FrameReader::From::client) == "[" + payload + "][next]");
    bytes.clear();
    engine::http::write_frame(bytes, 2, payload);
    CHECK(read(bytes, 3, FrameReader::From::server) == "[" + payload + "]");
  }
}

TEST_CASE("frames: a head is told before its payload comes, once", "[http]") {
  FrameReader reader;
  std::string bytes = masked("\x81\x85"s, "");
  reader.feed(bytes);
  const FrameReader::Part head = reader.next();
  CHECK(head.event == Event::part);
  CHECK((head.first && !head.last));
  CHECK(head.frame_size == 5);
  CHECK(head.payload.empty());
  CHECK(reader.next().event == Event::need_more);
  CHECK(reader.used() == bytes.size());
}

TEST_CASE("frames: what the standard forbids is broken", "[http]") {
  CHECK(from_client(masked("\x81\x82"s, "ok")) == "[ok]");
  CHECK(from_client("\x81\x02ok"s) == "!");  // not masked
  CHECK(read(masked("\x81\x82"s, "ok"), 100, FrameReader::From::server) == "!");
  CHECK(from_client(masked("\xc1\x82"s, "ok")) == "!");                    // a reserved bit
  CHECK(from_client(masked("\x09\x82"s, "ok")) == "!");                    // a ping in parts
  CHECK(from_client(masked("\x89\xfe\x00\x7e"s, sample(126))) == "!");     // a long ping
  CHECK(from_client(masked("\x82\xfe\x00\x7d"s, sample(125))) == "!");     // a long size
  CHECK(from_client(masked("\x82\xff\0\0\0\0\0\0\xff\xff"s, "")) == "!");  // a longer one
  CHECK(from_client(masked("\x82\xff\x80\0\0\0\0\0\0\0"s, "")) == "!");    // beyond 2^63
  CHECK(from_client(masked("\x82\xff\0\0\0\0\0\x01\0\0"s, "abc")) == "[abc");
  CHECK(from_client("\x81\x02ok"s + masked("\x81\x82"s, "ok")) == "!");  // and stays so
}
