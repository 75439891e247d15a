#pragma once

#include "base/result.hh"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace engine::instance {

/// Reads what a starting daemon says on its ready pipe: `PHASE name` lines, then `READY`,
/// `DEGRADED {json}` or `ERROR {json}`. Does no I/O; feed it bytes as they come. Value type.
class BootReport {
 public:
  void feed(std::string_view bytes);

  [[nodiscard]] bool ready() const { return ready_; }
  /// The daemon's own words about why it cannot start.
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }
  /// It serves, but only to say this.
  [[nodiscard]] const std::optional<Error>& fault() const { return fault_; }
  /// The last phase it reached; empty before the first.
  [[nodiscard]] const std::string& phase() const { return phase_; }

 private:
  void take_line(std::string_view line);

  std::string pending_;
  std::string phase_;
  std::optional<Error> error_;
  std::optional<Error> fault_;
  bool ready_ = false;
};

/// The last `count` lines of a text file, reading at most its last 64 KiB and nothing before byte
/// `from`. Empty when it cannot be read.
std::vector<std::string> last_lines(const std::filesystem::path& path,
                                    std::size_t count,
                                    std::size_t from = 0);

/// A kind of error whose exit status is `code`, to pass a child's status on.
Errc errc_from_exit_code(int code);

}  // namespace engine::instance
