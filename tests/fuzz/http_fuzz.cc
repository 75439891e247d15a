#include "http/chunk_reader.hh"
#include "http/frame_reader.hh"
#include "http/request_head.hh"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace http = engine::http;

namespace {

void must(bool good) {
  if (!good) std::abort();
}

/// Where a head ends does not depend on how its bytes arrive, and a head that is taken is whole.
void check_head(std::string_view input, std::size_t step) {
  http::HeadScanner whole;
  const std::size_t size = whole.scan(input);
  http::HeadScanner cut;
  std::size_t found = 0;
  for (std::size_t end = step; found == 0 && !cut.refusal(); end += step) {
    found = cut.scan(input.substr(0, end));
    if (end >= input.size()) break;
  }
  must(found == size && static_cast<bool>(cut.refusal()) == static_cast<bool>(whole.refusal()));
  must(!whole.refusal() || (size == 0 && !whole.refusal().text.empty()));
  if (size == 0) return;
  must(size <= input.size());
  std::string block(input.substr(0, size));
  http::RequestHead head;
  if (const http::Refusal refusal = head.parse(block, 100)) {
    must(refusal.status >= 400 && !refusal.text.empty());
    return;
  }
  must(head.request.path == "*" || head.request.path.starts_with('/'));
  must(!(head.chunked && head.request.content_length));
  must(head.headers.size() <= 100);
  for (const http::Header& header : head.headers) {
    must(header.name.data() >= block.data() &&
         header.value.data() + header.value.size() <= block.data() + block.size());
    for (const char c : header.name)
      must(c < 'A' || c > 'Z');
  }
}

struct Body {
  std::string bytes;
  bool done = false;
  bool broken = false;
};

Body read_chunks(std::string_view input, std::size_t step) {
  http::ChunkReader reader;
  Body body;
  std::string waiting;
  for (std::size_t at = 0; at < input.size() && !reader.done() && !reader.broken(); at += step) {
    waiting += input.substr(at, step);
    waiting.erase(0, reader.take(waiting, body.bytes));
  }
  body.done = reader.done();
  body.broken = reader.broken();
  return body;
}

/// The payloads of all frames with their opcodes; stops at the first broken one.
std::string read_frames(std::string_view input, std::size_t step) {
  using Event = http::FrameReader::Part::Event;
  http::FrameReader reader;
  std::string seen;
  std::string waiting;
  for (std::size_t at = 0; at < input.size(); at += step) {
    waiting += input.substr(at, step);
    reader.feed(waiting);
    while (true) {
      const http::FrameReader::Part part = reader.next();
      if (part.event == Event::need_more) break;
      if (part.event == Event::broken) return seen + "!";
      must(part.payload.size() <= part.frame_size);
      if (part.first) seen += static_cast<char>('a' + (part.opcode & 0x0fU));
      seen += part.payload;
      if (part.last) seen += part.fin ? "." : ",";
    }
    waiting.erase(0, reader.used());
  }
  return seen;
}

}  // namespace

/// However bytes arrive, a request, a chunked body and WebSocket frames are the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t step = 1 + data[0] % 23;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  check_head(input, step);
  const Body whole = read_chunks(input, input.size() + 1);
  const Body cut = read_chunks(input, step);
  must(whole.broken == cut.broken);
  must(whole.broken || whole.done == cut.done);
  // Of a body that has not ended, the last bytes may still be held back.
  must(whole.done ? whole.bytes == cut.bytes
                  : whole.bytes.starts_with(cut.bytes) || cut.bytes.starts_with(whole.bytes));
  must(read_frames(input, input.size() + 1) == read_frames(input, step));
  return 0;
}
