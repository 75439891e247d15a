#include "net/line_framer.hh"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

using engine::net::LineFramer;

namespace {

constexpr LineFramer::Limits kLimits{.line = 64, .skip = 100'000'000};

std::vector<std::string> drain(LineFramer& framer) {
  std::vector<std::string> seen;
  while (true) {
    const LineFramer::Event event = framer.next();
    if (event == LineFramer::Event::need_more) return seen;
    seen.push_back(event == LineFramer::Event::line ? std::string(framer.line()) : "\n");
  }
}

void append(std::vector<std::string>& to, std::vector<std::string> more) {
  to.insert(to.end(), more.begin(), more.end());
}

}  // namespace

/// However a stream is cut into chunks, its lines are the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t step = 1 + data[0] % 17;
  const bool parks = (data[0] & 0x80U) != 0;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);

  LineFramer whole(kLimits);
  whole.feed(stream);
  std::vector<std::string> expected = drain(whole);
  whole.end_of_input();
  append(expected, drain(whole));

  LineFramer cut(kLimits);
  std::vector<std::string> seen;
  for (std::size_t at = 0; at < stream.size(); at += step) {
    std::string chunk(stream.substr(at, step));
    cut.feed(chunk);
    if (parks) {
      cut.park();
      chunk.assign(chunk.size(), '\n');
    }
    append(seen, drain(cut));
  }
  cut.end_of_input();
  append(seen, drain(cut));
  if (seen != expected) std::abort();
  return 0;
}
