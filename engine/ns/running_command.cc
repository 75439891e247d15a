#include "ns/running_command.hh"

#include "base/file.hh"
#include "base/pipe.hh"

#include <utility>

namespace engine::ns {
namespace {

constexpr Milliseconds kDrain{250};
constexpr std::size_t kMaxInput = 65'536;

// A pipe holds what is written here before anyone reads.
Result<UniqueFd> make_input(std::string_view text) {
  if (text.empty()) return UniqueFd();
  if (text.size() > kMaxInput) return fail(Errc::invalid_params, "input of more than 64 KiB");
  TRY_ASSIGN(Pipe pipe, make_pipe());
  TRY(write_all(pipe.write.get(), text));
  return std::move(pipe.read);
}

}  // namespace

RunningCommand::RunningCommand(const Surroundings& surroundings, OutputOptions output)
    : surroundings_(surroundings), output_(std::move(output)), drain_(surroundings.loop) {}

RunningCommand::~RunningCommand() = default;

Result<std::shared_ptr<RunningCommand>> RunningCommand::start(const Surroundings& surroundings,
                                                              Command command,
                                                              OutputOptions output,
                                                              std::string_view input,
                                                              Start start) {
  TRY_ASSIGN(const UniqueFd in, make_input(input));
  TRY_ASSIGN(Pipe out, make_pipe());
  TRY_ASSIGN(Pipe err, make_pipe());
  command.stdin_fd = in.get();
  command.stdout_fd = out.write.get();
  command.stderr_fd = err.write.get();
  std::shared_ptr<RunningCommand> running(new RunningCommand(surroundings, std::move(output)));
  TRY_ASSIGN(running->process_, start(command));
  running->read(std::move(out.read), "stdout");
  running->read(std::move(err.read), "stderr");
  running->process_->on_exit(
      [raw = running.get()](loop::ExitStatus status) { raw->on_exit(status); });
  return running;
}

void RunningCommand::read(UniqueFd pipe, const char* stream) {
  ++open_streams_;
  readers_.push_back(std::make_unique<LineReader>(
      surroundings_.loop,
      std::move(pipe),
      [this, stream](std::string_view line) { on_line(stream, line); },
      [this] { stream_ended(); }));
}

void RunningCommand::on_line(const char* stream, std::string_view line) {
  if (output_.log && surroundings_.log != nullptr) {
    output_.source.stream = stream;
    surroundings_.log->line(output_.source, "info", line);
  }
  std::string& kept = stream == std::string_view("stdout") ? result_.out : result_.err;
  if (kept.size() < output_.capture) {
    kept.append(line.substr(0, output_.capture - kept.size()));
    kept += '\n';
  }
  if (output_.on_line) output_.on_line(stream, line);
}

void RunningCommand::on_exit(loop::ExitStatus status) {
  const auto self = shared_from_this();
  ended_ = true;
  result_.status = status;
  if (open_streams_ == 0) return finish();
  drain_.start(kDrain, [this] { finish(); });
}

void RunningCommand::stream_ended() {
  const auto self = shared_from_this();
  if (--open_streams_ == 0 && ended_) finish();
}

void RunningCommand::finish() {
  if (std::exchange(finished_, true)) return;
  const auto self = shared_from_this();
  drain_.cancel();
  for (auto& waiter : std::exchange(waiters_, {}))
    waiter(std::exchange(result_,
                         loop::CommandOutput{.status = result_.status, .out = {}, .err = {}}));
}

void RunningCommand::wait(Completion<loop::CommandOutput> done) {
  if (!finished_) {
    waiters_.push_back(std::move(done));
    return;
  }
  auto result =
      std::exchange(result_, loop::CommandOutput{.status = result_.status, .out = {}, .err = {}});
  surroundings_.loop.post(
      [done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
}

}  // namespace engine::ns
