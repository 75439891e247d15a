#include "base/columns.hh"

#include <sys/ioctl.h>

#include <charconv>
#include <cstdlib>
#include <string_view>

namespace engine {

std::optional<std::size_t> output_columns(int fd) {
  if (const char* wished = std::getenv("COLUMNS")) {
    const std::string_view text = wished;
    unsigned short columns = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), columns);
    if (read.ec == std::errc{} && read.ptr == text.data() + text.size() && columns > 0) {
      return columns;
    }
  }
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return std::nullopt;
  return size.ws_col;
}

}  // namespace engine
