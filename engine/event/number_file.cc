#include "event/number_file.hh"

#include "base/file.hh"

#include <fmt/format.h>

#include <charconv>

namespace engine::event {
namespace {

constexpr std::string_view kClosed = " closed\n";

struct Known {
  std::uint64_t last = 0;
  bool closed = true;
};

Result<Known> parse(const std::filesystem::path& path, std::string_view text) {
  Known known;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), known.last);
  const std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (problem != std::errc() || (rest != "\n" && rest != kClosed)) {
    return fail(Error{.code = Errc::corrupt,
                      .message = path.string() + " does not hold the number of an event",
                      .hint = "remove it; numbers of events then begin at 1"});
  }
  known.closed = rest == kClosed;
  return known;
}

}  // namespace

Result<std::unique_ptr<NumberFile>> NumberFile::open(std::filesystem::path path) {
  std::unique_ptr<NumberFile> file(new NumberFile(std::move(path)));
  Known known;
  if (std::filesystem::exists(file->path_)) {
    TRY_ASSIGN(const std::string text, read_file(file->path_, 64));
    TRY_ASSIGN(known, parse(file->path_, text));
  }
  file->numbers_.last = known.last + (known.closed ? 0 : kBlock);
  TRY_ASSIGN(file->numbers_.reserved, file->reserve(file->numbers_.last));
  return file;
}

Result<std::uint64_t> NumberFile::reserve(std::uint64_t last) {
  TRY(write(last + kBlock, false));
  return last + kBlock;
}

Result<> NumberFile::close(std::uint64_t last) {
  return write(last, true);
}

Result<> NumberFile::write(std::uint64_t last, bool closed) const {
  return write_file_atomic(path_, fmt::format("{}{}", last, closed ? kClosed : "\n"), 0600);
}

}  // namespace engine::event
