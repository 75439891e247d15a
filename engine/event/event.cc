#include "event/event.hh"

#include "base/time.hh"
#include "json/writer.hh"

#include <fmt/format.h>

namespace engine::event {
namespace {

constexpr std::string_view kNumberHead = R"("seq":)";
constexpr std::string_view kNumberTail = R"(,"event":)";
/// Room for the longest number between head and tail.
constexpr std::size_t kRoom = kNumberHead.size() + 20 + kNumberTail.size();
constexpr std::string_view kClosing = "}}";

void write_field(json::Writer& writer, std::string_view key, std::string_view value) {
  if (value.empty()) return;
  writer.key(key);
  writer.string(value);
}

void write_about(json::Writer& writer, const Event& event) {
  if (!event.resource_type.empty()) {
    writer.key("resource");
    writer.start_object();
    write_field(writer, "type", event.resource_type);
    write_field(writer, "id", event.resource_id);
    writer.end_object();
  }
  write_field(writer, "job", event.job);
  write_field(writer, "package", event.package);
  write_field(writer, "trace", event.trace);
  if (event.paths.empty()) return;
  writer.key("paths");
  writer.start_array();
  for (const std::string& path : event.paths)
    writer.string(path);
  writer.end_array();
}

void encode(std::string& out, const Event& event) {
  json::Writer writer(out);
  writer.start_object();
  write_field(writer, "ts", now_rfc3339());
  write_field(writer, "type", event.type);
  write_field(writer, "level", log::level_name(event.level));
  write_field(writer, "target", event.target);
  write_about(writer, event);
  writer.key("data");
  writer.raw(event.data);
  writer.end_object();
}

std::string default_key(const Event& event) {
  if (!event.job.empty()) return "job " + event.job;
  if (event.resource_type.empty()) return {};
  return event.resource_type + ' ' + event.resource_id;
}

}  // namespace

Record::Record(Event event) : event_(std::move(event)) {
  buffer_.reserve(kRoom + event_.data.size() + 160);
  buffer_.assign(kRoom, ' ');
  encode(buffer_, event_);
  buffer_ += kClosing;
  begin_ = kRoom;
  if (event_.key.empty()) event_.key = default_key(event_);
  // Kept encoded only.
  event_.data = std::string();
}

void Record::number(std::uint64_t seq) {
  seq_ = seq;
  const fmt::format_int digits(seq);
  const auto put = [this](std::string_view part) {
    begin_ -= part.size();
    part.copy(buffer_.data() + begin_, part.size());
  };
  put(kNumberTail);
  put({digits.data(), digits.size()});
  put(kNumberHead);
}

std::string_view Record::text() const {
  return std::string_view(buffer_).substr(kRoom, buffer_.size() - kRoom - kClosing.size());
}

std::string_view Record::notification_tail() const {
  return std::string_view(buffer_).substr(begin_);
}

}  // namespace engine::event
