#pragma once

#include "ns/rotating_file.hh"
#include "ns/surroundings.hh"

#include <filesystem>

namespace engine::app {

/// The service's log as the host reads it: one JSON object {time, level, subcontainer, daemon,
/// stream, message} a line, 10 MiB a file, three files. Lines go to stderr (the console log) while
/// the file cannot be written.
class ServiceLog final : public ns::LineSink {
 public:
  explicit ServiceLog(std::filesystem::path file);
  void line(const ns::LineSource& source, std::string_view level, std::string_view text) override;

 private:
  ns::RotatingFile file_;
};

}  // namespace engine::app
