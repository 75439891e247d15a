#include "event/log_ring.hh"

#include "json/value.hh"
#include "json/writer.hh"

namespace engine::event {
namespace {

/// The first `most` bytes, or a few less, so that no character is cut.
std::string_view piece(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  std::size_t size = most;
  while (size > most - 4 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U)
    --size;
  return text.substr(0, size);
}

std::string package_of(std::string_view target) {
  constexpr std::string_view kPrefix = "service.";
  if (!target.starts_with(kPrefix)) return {};
  target.remove_prefix(kPrefix.size());
  return std::string(target.substr(0, target.find('.')));
}

}  // namespace

void publish_line(Ring& ring,
                  log::Level level,
                  std::string_view target,
                  std::string_view message,
                  std::span<const log::Field> fields,
                  bool aside) {
  std::vector<std::string_view> pieces;
  do {
    pieces.push_back(piece(message, kLongestLine));
    message.remove_prefix(pieces.back().size());
  } while (!message.empty());
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    json::Value data;
    data["message"] = pieces[i];
    if (pieces.size() > 1) {
      data["part"] = static_cast<std::int64_t>(i + 1);
      data["parts"] = static_cast<std::int64_t>(pieces.size());
    }
    if (i == 0) {
      for (const auto& [name, value] : fields)
        data["fields"][std::string(name)] = value;
    }
    ring.publish({.type = "log",
                  .level = level,
                  .target = std::string(target),
                  .package = package_of(target),
                  .data = json::write(data),
                  .aside = aside});
  }
}

}  // namespace engine::event
