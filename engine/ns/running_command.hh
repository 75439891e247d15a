#pragma once

#include "ns/contained_process.hh"
#include "ns/line_reader.hh"
#include "ns/surroundings.hh"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace engine::ns {

/// What becomes of a command's output: written to the service's log, kept for its waiter, or given
/// to a function; any of them together.
struct OutputOptions {
  bool log = false;
  LineSource source = {};   ///< of logged lines; `stream` is filled in
  std::size_t capture = 0;  ///< bytes kept of each stream; 0: none
  UniqueFunction<void(std::string_view stream, std::string_view line)> on_line = {};
};

/// A process together with its output. Resource type, on the loop. Destroying it kills the process.
/// Whoever holds it may let go in a callback of ours, so it holds itself while it calls.
class RunningCommand : public std::enable_shared_from_this<RunningCommand> {
 public:
  /// Starts a process with the given streams in place.
  using Start = UniqueFunction<Result<std::unique_ptr<ContainedProcess>>(const Command&)>;

  /// `input` is written to its standard input (at most the size of a pipe: 64 KiB).
  static Result<std::shared_ptr<RunningCommand>> start(const Surroundings& surroundings,
                                                       Command command,
                                                       OutputOptions output,
                                                       std::string_view input,
                                                       Start start);
  RunningCommand(const RunningCommand&) = delete;
  RunningCommand& operator=(const RunningCommand&) = delete;
  ~RunningCommand();

  [[nodiscard]] ContainedProcess& process() { return *process_; }
  [[nodiscard]] bool finished() const { return finished_; }

  /// Completes when it has ended and its output is read. Any number of waiters; the kept output
  /// goes to the first.
  void wait(Completion<loop::CommandOutput> done);

 private:
  RunningCommand(const Surroundings& surroundings, OutputOptions output);
  void read(UniqueFd pipe, const char* stream);
  void on_line(const char* stream, std::string_view line);
  void on_exit(loop::ExitStatus status);
  void stream_ended();
  void finish();

  const Surroundings& surroundings_;
  OutputOptions output_;
  std::unique_ptr<ContainedProcess> process_;
  std::vector<std::unique_ptr<LineReader>> readers_;
  int open_streams_ = 0;
  bool ended_ = false;
  bool finished_ = false;
  loop::CommandOutput result_;
  loop::Timer drain_;  ///< a grandchild may hold the streams open
  std::vector<Completion<loop::CommandOutput>> waiters_;
};

}  // namespace engine::ns
