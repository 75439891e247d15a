#include "instance/boot_report.hh"

#include "base/file.hh"
#include "json/reader.hh"
#include "json/writer.hh"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace engine::instance {
namespace {

constexpr std::size_t kLongestLine = 64UL << 10U;
constexpr std::size_t kTailBytes = 64UL << 10U;

Error reported_error(std::string_view text) {
  const auto parsed = json::parse(text);
  if (!parsed || !parsed->is_object()) {
    return {.code = Errc::internal, .message = "the daemon reported: " + std::string(text)};
  }
  const std::string kind = parsed->string_or("kind", parsed->string_or("code", "internal"));
  return {
      .code = errc_from_kind(kind),
      .message = parsed->string_or("message", "the daemon could not start"),
      .hint = parsed->string_or("hint", ""),
      .info = parsed->find("info") == nullptr ? std::string() : json::write(*parsed->find("info"))};
}

}  // namespace

void BootReport::feed(std::string_view bytes) {
  pending_ += bytes;
  std::size_t begin = 0;
  for (auto end = pending_.find('\n'); end != std::string::npos; end = pending_.find('\n', begin)) {
    take_line(std::string_view(pending_).substr(begin, end - begin));
    begin = end + 1;
  }
  pending_.erase(0, begin);
  if (pending_.size() > kLongestLine) pending_.clear();
}

void BootReport::take_line(std::string_view line) {
  constexpr std::string_view kPhase = "PHASE ";
  constexpr std::string_view kError = "ERROR ";
  constexpr std::string_view kDegraded = "DEGRADED ";
  if (line == "READY") {
    ready_ = true;
  } else if (line.starts_with(kPhase)) {
    phase_ = line.substr(kPhase.size());
  } else if (line.starts_with(kDegraded)) {
    fault_ = reported_error(line.substr(kDegraded.size()));
    ready_ = true;
  } else if (line.starts_with(kError)) {
    error_ = reported_error(line.substr(kError.size()));
  }
}

std::vector<std::string> last_lines(const std::filesystem::path& path,
                                    std::size_t count,
                                    std::size_t from) {
  const auto fd = open_file(path, O_RDONLY);
  if (!fd) return {};
  const auto size = static_cast<std::size_t>(std::max<off_t>(::lseek(fd->get(), 0, SEEK_END), 0));
  const std::size_t begin = std::max(from, size > kTailBytes ? size - kTailBytes : 0);
  if (begin >= size) return {};
  std::string tail(size - begin, '\0');
  const ssize_t got = ::pread(fd->get(), tail.data(), tail.size(), static_cast<off_t>(begin));
  if (got <= 0) return {};
  tail.resize(static_cast<std::size_t>(got));
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < tail.size();) {
    const auto end = std::min(tail.find('\n', at), tail.size());
    lines.push_back(tail.substr(at, end - at));
    at = end + 1;
  }
  if (lines.size() > count) lines.erase(lines.begin(), lines.end() - static_cast<long>(count));
  return lines;
}

Errc errc_from_exit_code(int code) {
  constexpr std::array kFirst = {Errc::usage,
                                 Errc::daemon_not_running,
                                 Errc::instance_held,
                                 Errc::timeout,
                                 Errc::protocol_unsupported,
                                 Errc::permission_denied,
                                 Errc::busy,
                                 Errc::not_found,
                                 Errc::internal,
                                 Errc::data_dir_unusable,
                                 Errc::cannot_bind,
                                 Errc::unclean_stop};
  for (const Errc candidate : kFirst) {
    if (errc_info(candidate).exit_code == code) return candidate;
  }
  return Errc::internal;
}

}  // namespace engine::instance
