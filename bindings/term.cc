#include "base/columns.hh"
#include "base/defer.hh"
#include "base/file.hh"
#include "bindings/interrupt_desk.hh"
#include "bindings/modules.hh"
#include "script/task.hh"
#include "script/thunk.hh"

#include <termios.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string>
#include <string_view>

namespace engine::bindings {
namespace {

constexpr std::size_t kLongestInput = 64UL << 20U;

/// Whether a line of progress stands on standard error, to be wiped before other output.
/// One terminal, one thread that writes to it: the VM's.
bool progress_shown = false;

void wipe_progress() {
  if (!progress_shown) return;
  progress_shown = false;
  static_cast<void>(write_all(STDERR_FILENO, "\r\x1b[K"));
}

Result<int> put(lua_State* state, int fd) {
  const std::string_view text = script::check_string(state, 1);
  wipe_progress();
  auto written = write_all(fd, text);
  if (!written && written.error().code == Errc::connection_lost) {
    return fail(Errc::closed, "nobody reads the output any more");
  }
  if (!written) {
    written.error().message.insert(0, "the output is not complete: ");
    return fail(std::move(written.error()));
  }
  lua_pushboolean(state, 1);
  return 1;
}

Result<int> term_write(lua_State* state) {
  return put(state, STDOUT_FILENO);
}

Result<int> term_error(lua_State* state) {
  return put(state, STDERR_FILENO);
}

int check_fd(lua_State* state) {
  const auto fd = luaL_optinteger(state, 1, STDOUT_FILENO);
  luaL_argcheck(state, fd >= 0 && fd <= 2, 1, "0, 1 or 2 expected");
  return static_cast<int>(fd);
}

int term_is_tty(lua_State* state) {
  lua_pushboolean(state, ::isatty(check_fd(state)));
  return 1;
}

int term_width(lua_State* state) {
  const auto columns = output_columns(check_fd(state));
  if (!columns) return 0;
  lua_pushinteger(state, static_cast<lua_Integer>(*columns));
  return 1;
}

bool wants_color(int fd) {
  const char* no_color = std::getenv("NO_COLOR");
  const char* kind = std::getenv("TERM");
  return ::isatty(fd) != 0 && (no_color == nullptr || *no_color == '\0') && kind != nullptr &&
         std::string_view(kind) != "dumb";
}

int term_color(lua_State* state) {
  lua_pushboolean(state, wants_color(check_fd(state)) ? 1 : 0);
  return 1;
}

int push_text(lua_State* state, std::string&& text) {
  script::push_string(state, text);
  return 1;
}

Result<std::string> read_all_input() {
  std::string text;
  char block[16384];
  while (text.size() <= kLongestInput) {
    const ssize_t got = ::read(STDIN_FILENO, block, sizeof block);
    if (got == 0) return text;
    if (got < 0 && errno != EINTR) return fail_errno("reading standard input");
    if (got > 0) text.append(block, static_cast<std::size_t>(got));
  }
  return fail(Errc::usage, "standard input is longer than 64 MiB");
}

int term_read_stdin(lua_State* state) {
  return script::offload<std::string>(state, &read_all_input, &push_text);
}

/// Up to the line's end, byte by byte: what follows belongs to others.
Result<std::string> read_input_line() {
  std::string line;
  char byte = 0;
  while (line.size() <= kLongestInput) {
    const ssize_t got = ::read(STDIN_FILENO, &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("reading standard input");
    if (got == 0 && line.empty()) return fail(Errc::closed, "standard input has ended");
    if (got == 0 || byte == '\n') return line;
    line += byte;
  }
  return fail(Errc::usage, "the line is longer than 64 MiB");
}

/// The terminal as it was before it was made silent. Who presses Ctrl-C at the prompt ends the
/// process while a thread still reads; the way out of the process makes it speak again.
termios spoken{};
std::atomic<bool> silent = false;

void speak_again() {
  if (!silent.exchange(false)) return;
  ::tcsetattr(STDIN_FILENO, TCSADRAIN, &spoken);
  static_cast<void>(write_all(STDERR_FILENO, "\n"));
}

/// Asks for what is not to be seen. The terminal is silent before it asks: whoever answers at once
/// is neither shown nor lost.
Result<std::string> read_hidden_line(const std::string& prompt) {
  static const int kAtEnd = std::atexit(&speak_again);
  if (kAtEnd != 0 || ::tcgetattr(STDIN_FILENO, &spoken) != 0) return read_input_line();
  termios quiet = spoken;
  quiet.c_lflag &= static_cast<tcflag_t>(~ECHO);
  silent = true;
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  static_cast<void>(write_all(STDERR_FILENO, prompt));
  const Defer restore([] { speak_again(); });
  return read_input_line();
}

int term_read_line(lua_State* state) {
  std::string prompt(script::opt_string(state, 1).value_or(""));
  const bool echo = script::field_boolean(state, 2, "echo").value_or(true);
  wipe_progress();
  if (echo && ::isatty(STDIN_FILENO) != 0) static_cast<void>(write_all(STDERR_FILENO, prompt));
  return script::offload<std::string>(
      state,
      [echo, prompt = std::move(prompt)] {
        return echo ? read_input_line() : read_hidden_line(prompt);
      },
      &push_text);
}

/// Draws over the line before. Elsewhere than on a terminal nothing is written.
int term_progress(lua_State* state) {
  const auto text = script::opt_string(state, 1);
  if (::isatty(STDERR_FILENO) == 0) {
    lua_pushboolean(state, 0);
    return 1;
  }
  if (text) {
    static_cast<void>(write_all(STDERR_FILENO, "\r" + std::string(*text) + "\x1b[K"));
    progress_shown = true;
  } else {
    wipe_progress();
  }
  lua_pushboolean(state, 1);
  return 1;
}

/// term.end_with_reader()
int term_end_with_reader(lua_State* state) {
  auto* desk = script::Vm::of(state).services().find<InterruptDesk>();
  if (desk != nullptr && desk->end_with_reader) desk->end_with_reader();
  return 0;
}

/// term.interrupted() → number | nil
int term_interrupted(lua_State* state) {
  const auto* desk = script::Vm::of(state).services().find<InterruptDesk>();
  if (desk == nullptr || desk->signal == 0) return 0;
  lua_pushinteger(state, desk->signal);
  return 1;
}

}  // namespace

int open_term(lua_State* state) {
  static const luaL_Reg functions[] = {{"write", script::thunk<&term_write>},
                                       {"error", script::thunk<&term_error>},
                                       {"is_tty", script::thunk<&term_is_tty>},
                                       {"width", script::thunk<&term_width>},
                                       {"color", script::thunk<&term_color>},
                                       {"read_stdin", script::thunk<&term_read_stdin>},
                                       {"read_line", script::thunk<&term_read_line>},
                                       {"progress", script::thunk<&term_progress>},
                                       {"end_with_reader", script::thunk<&term_end_with_reader>},
                                       {"interrupted", script::thunk<&term_interrupted>},
                                       {nullptr, nullptr}};
  lua_newtable(state);
  luaL_register(state, nullptr, functions);
  return 1;
}

}  // namespace engine::bindings
