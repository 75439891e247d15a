#pragma once

#include "base/result.hh"
#include "base/unique_fd.hh"

#include <string_view>

namespace engine::app {

/// Tells whoever started the daemon how far it is, over an inherited pipe: `PHASE name` lines, then
/// `READY`, `DEGRADED {json}` or `ERROR {json}`. Without a pipe it says nothing. Resource type.
class StartupReport {
 public:
  StartupReport() = default;
  explicit StartupReport(UniqueFd pipe) : pipe_(std::move(pipe)) {}

  void phase(std::string_view name);
  void ready();
  /// It serves, but only to say why it cannot do more.
  void degraded(const Error& why);
  void error(const Error& error);

 private:
  void say(std::string_view line);
  UniqueFd pipe_;
};

}  // namespace engine::app
