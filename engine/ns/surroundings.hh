#pragma once

#include "loop/loop.hh"
#include "ns/inner_cgroup.hh"
#include "ns/reaper.hh"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace engine::ns {

/// Where a line of output comes from. Value type.
struct LineSource {
  std::string subcontainer;  ///< empty: the runtime itself
  std::string daemon;
  std::string stream;  ///< "stdout", "stderr", or empty for the runtime's own lines
};

/// Takes lines for the service's log. On the loop's thread; must not block long.
class LineSink {
 public:
  LineSink() = default;
  LineSink(const LineSink&) = delete;
  LineSink& operator=(const LineSink&) = delete;
  virtual ~LineSink() = default;
  virtual void line(const LineSource& source, std::string_view level, std::string_view text) = 0;
};

/// What processes of a container are made with; one per program, a service of its VM. Owns nothing.
struct Surroundings {
  loop::Loop& loop;
  Reaper& reaper;
  InnerCgroups* groups = nullptr;  ///< null: killing goes by process
  LineSink* log = nullptr;         ///< null: logged output is dropped
  std::filesystem::path leader;    ///< program of a subcontainer's idle leader, and of the copier
  std::vector<std::string> leader_argv;
  std::vector<std::string> copy_argv;  ///< followed by source and target
};

}  // namespace engine::ns
