#include "app/daemon/startup.hh"

#include "base/file.hh"
#include "base/log.hh"
#include "json/reader.hh"
#include "json/writer.hh"

#include <string>

namespace engine::app {
namespace {

std::string describe(const Error& error) {
  json::Value value;
  value["kind"] = errc_info(error.code).kind;
  value["exit"] = static_cast<std::int64_t>(errc_info(error.code).exit_code);
  value["message"] = error.message;
  value["hint"] = error.hint;
  if (auto info = json::parse(error.info)) value["info"] = std::move(*info);
  return json::write(value);
}

}  // namespace

void StartupReport::say(std::string_view line) {
  if (!pipe_) return;
  // The starter may have given up waiting; that is its business.
  (void)write_all(pipe_.get(), std::string(line) + "\n");
}

void StartupReport::phase(std::string_view name) {
  log::debug("daemon", "start phase", {{"phase", name}});
  say("PHASE " + std::string(name));
}

void StartupReport::ready() {
  say("READY");
  pipe_.reset();
}

void StartupReport::degraded(const Error& why) {
  say("DEGRADED " + describe(why));
  pipe_.reset();
}

void StartupReport::error(const Error& error) {
  say("ERROR " + describe(error));
  pipe_.reset();
}

}  // namespace engine::app
