#include "app/daemon/startup.hh"

#include "base/file.hh"
#include "base/log.hh"
#include "json/writer.hh"

#include <string>

namespace engine::app {

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

void StartupReport::error(const Error& error) {
  json::Value value;
  value["kind"] = errc_info(error.code).kind;
  value["exit"] = static_cast<std::int64_t>(errc_info(error.code).exit_code);
  value["message"] = error.message;
  value["hint"] = error.hint;
  say("ERROR " + json::write(value));
  pipe_.reset();
}

}  // namespace engine::app
