#include "script/traceback.hh"

#include "script/convert.hh"
#include "script/vm.hh"

#include <charconv>
#include <string_view>

namespace engine::script {
namespace {

constexpr int kMaxFrames = 40;
constexpr int kMaxLevels = 400;

/// Neither C nor Lua of the engine's own (`xpcall`, `coroutine.wrap`).
bool is_author_frame(const lua_Debug& frame) {
  return std::string_view(frame.what) != "C" &&
         !std::string_view(frame.short_src).starts_with("engine.");
}

std::string describe(const lua_Debug& frame) {
  std::string line = frame.short_src;
  if (frame.currentline > 0) line += ':' + std::to_string(frame.currentline);
  if (std::string_view(frame.what) == "main") return line + ": in main chunk";
  const std::string place =
      std::string(" <") + frame.short_src + ':' + std::to_string(frame.linedefined) + '>';
  if (frame.name == nullptr) return line + ": in function" + place;
  line += ": in function '" + std::string(frame.name) + "'";
  return frame.currentline > 0 ? line : line + place;
}

/// The text of the frame's line, as it was when the file was read.
std::string source_of(lua_State* state, const lua_Debug& frame) {
  const Snapshot* scripts = Vm::of(state).scripts().get();
  if (scripts == nullptr || frame.currentline <= 0 || frame.source[0] != '@') return {};
  const Snapshot::File* file = scripts->find_by_name(frame.source + 1);
  if (file == nullptr) return {};
  std::string_view text = source_line(file->source, frame.currentline);
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  return text.empty() ? std::string() : "\n  > " + std::string(text);
}

/// The line in "core/echo.lua:12: …", if `message` begins with the file of the frame; else 0.
int line_in(std::string_view message, const lua_Debug& frame) {
  const std::string_view file = frame.short_src;
  if (!message.starts_with(file) || !message.substr(file.size()).starts_with(':')) return 0;
  message.remove_prefix(file.size() + 1);
  int line = 0;
  std::from_chars(message.data(), message.data() + message.size(), line);
  return line;
}

std::string frames_of(lua_State* state, int level, std::string_view message) {
  std::string text;
  lua_Debug frame;
  int frames = 0;
  for (const int last = level + kMaxLevels; level < last && lua_getstack(state, level, &frame) != 0;
       ++level) {
    lua_getinfo(state, "Sln", &frame);
    if (!is_author_frame(frame)) continue;
    if (frames == 0 && frame.currentline <= 0) frame.currentline = line_in(message, frame);
    if (!text.empty()) text += '\n';
    if (++frames > kMaxFrames) return text + "...";
    text += describe(frame);
    if (frames == 1) text += source_of(state, frame);
  }
  return text;
}

}  // namespace

std::string traceback(lua_State* state, int level) {
  return frames_of(state, level, {});
}

std::string traceback_of_error(lua_State* state, int level) {
  const bool text = lua_type(state, -1) == LUA_TSTRING;
  return frames_of(state, level, text ? check_string(state, -1) : std::string_view());
}

std::string where(lua_State* state, int level) {
  lua_Debug frame;
  for (; lua_getstack(state, level, &frame) != 0; ++level) {
    lua_getinfo(state, "Sl", &frame);
    if (is_author_frame(frame) && frame.currentline > 0) {
      return std::string(frame.short_src) + ':' + std::to_string(frame.currentline);
    }
  }
  return {};
}

}  // namespace engine::script
