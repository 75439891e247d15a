#include "app/container/service_log.hh"

#include "base/time.hh"
#include "json/writer.hh"

#include <cstdio>

namespace engine::app {
namespace {

constexpr std::size_t kMaxBytes = 10UL << 20U;
constexpr unsigned kFiles = 3;

void member(std::string& out, const char* key, std::string_view value) {
  if (value.empty()) return;
  out += out.empty() ? "{\"" : ",\"";
  out += key;
  out += "\":";
  out += json::quote(value);
}

}  // namespace

ServiceLog::ServiceLog(std::filesystem::path file) : file_(std::move(file), kMaxBytes, kFiles) {}

void ServiceLog::line(const ns::LineSource& source, std::string_view level, std::string_view text) {
  std::string out;
  out.reserve(text.size() + 160);
  member(out, "time", now_rfc3339());
  member(out, "level", level);
  member(out, "subcontainer", source.subcontainer);
  member(out, "daemon", source.daemon);
  member(out, "stream", source.stream);
  out += ",\"message\":";
  out += json::quote(text);
  out += '}';
  if (!file_.append(out)) std::fprintf(stderr, "%s\n", out.c_str());
}

}  // namespace engine::app
