// A line editor on the terminal, by libedit. It waits on a thread of the offload pool; completion
// is asked for on the VM's own.

#include "base/defer.hh"
#include "base/dynamic_library.hh"
#include "bindings/interrupt_desk.hh"
#include "bindings/modules.hh"
#include "script/object.hh"
#include "script/task.hh"
#include "script/thunk.hh"

#include <histedit.h>
#include <sys/stat.h>

#include <algorithm>
#include <clocale>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

namespace engine::bindings {
namespace {

using script::Ref;
using script::Vm;

constexpr int kHistorySize = 2000;
constexpr Milliseconds kCompletionPatience{3'000};
constexpr script::Limits kCompletionLimits{.deadline = kCompletionPatience,
                                           .slice = kCompletionPatience};

/// What is used of libedit. The library and the three that it brings along are loaded with the
/// first editor: linked, they would cost every command of the CLI as much as a small one takes.
struct Library {
  decltype(&::el_init) init = nullptr;
  decltype(&::el_end) end = nullptr;
  decltype(&::el_get) get = nullptr;
  decltype(&::el_set) set = nullptr;
  decltype(&::el_gets) gets = nullptr;
  decltype(&::el_line) line = nullptr;
  decltype(&::el_reset) reset = nullptr;
  decltype(&::el_source) source = nullptr;
  decltype(&::el_insertstr) insertstr = nullptr;
  decltype(&::history) history = nullptr;
  decltype(&::history_init) history_init = nullptr;
  decltype(&::history_end) history_end = nullptr;
  std::string problem;  ///< why it cannot be used; empty: nothing
};

Library load_library() {
  DynamicLibrary library("libedit.so.2");
  Library edit;
  library.find(edit.init, "el_init");
  library.find(edit.end, "el_end");
  library.find(edit.get, "el_get");
  library.find(edit.set, "el_set");
  library.find(edit.gets, "el_gets");
  library.find(edit.line, "el_line");
  library.find(edit.reset, "el_reset");
  library.find(edit.source, "el_source");
  library.find(edit.insertstr, "el_insertstr");
  library.find(edit.history, "history");
  library.find(edit.history_init, "history_init");
  library.find(edit.history_end, "history_end");
  edit.problem = library.problem();
  return edit;
}

const Library& lib() {
  static const Library library = load_library();
  return library;
}

/// One question of the editor's thread to the VM's.
struct Question {
  std::mutex mutex;
  std::condition_variable answered;
  bool done = false;
  std::vector<std::string> candidates;
};

struct Editor {
  static constexpr const char* kLuaName = "engine.editor.Editor";

  Editor() = default;
  Editor(const Editor&) = delete;
  Editor& operator=(const Editor&) = delete;
  ~Editor() {
    if (history != nullptr) lib().history_end(history);
    if (edit != nullptr) lib().end(edit);
  }

  EditLine* edit = nullptr;
  History* history = nullptr;
  std::string history_file;
  std::string prompt;
  bool interrupted = false;
  bool reading = false;
  loop::Loop* loop = nullptr;
  std::weak_ptr<Vm*> vm;
  Ref complete;  ///< function(line before the cursor) → names
};
using Handle = std::shared_ptr<Editor>;

Editor& editor_of(EditLine* edit) {
  void* self = nullptr;
  lib().get(edit, EL_CLIENTDATA, &self);
  return *static_cast<Editor*>(self);
}

char* prompt_of(EditLine* edit) {
  return editor_of(edit).prompt.data();
}

/// The list of texts on top of the stack of an outcome.
std::vector<std::string> texts_of(const script::Outcome& outcome) {
  std::vector<std::string> texts;
  if (!outcome.status || outcome.results == 0) return texts;
  const int list = lua_gettop(outcome.state) - outcome.results + 1;
  if (!lua_istable(outcome.state, list)) return texts;
  const int count = static_cast<int>(lua_objlen(outcome.state, list));
  for (int i = 1; i <= count; ++i) {
    lua_rawgeti(outcome.state, list, i);
    if (const char* text = lua_tostring(outcome.state, -1)) texts.emplace_back(text);
    lua_pop(outcome.state, 1);
  }
  return texts;
}

/// Asks the VM, from the editor's thread.
std::vector<std::string> ask(Editor& editor, std::string line) {
  auto question = std::make_shared<Question>();
  editor.loop->post([&editor, question, line = std::move(line)] {
    auto answer = [question](std::vector<std::string> candidates) {
      const std::lock_guard lock(question->mutex);
      question->candidates = std::move(candidates);
      question->done = true;
      question->answered.notify_all();
    };
    const auto vm = editor.vm.lock();
    if (!vm || !editor.complete) return answer({});
    (*vm)->spawn(
        editor.complete,
        [&line](lua_State* state) {
          script::push_string(state, line);
          return 1;
        },
        kCompletionLimits,
        [answer](const script::Outcome& outcome) { answer(texts_of(outcome)); },
        "completion");
  });
  std::unique_lock lock(question->mutex);
  question->answered.wait_for(lock, kCompletionPatience, [&] { return question->done; });
  return question->candidates;
}

std::string common_start(const std::vector<std::string>& words) {
  std::string start = words.front();
  for (const std::string& word : words) {
    const auto [end, other] = std::mismatch(start.begin(), start.end(), word.begin(), word.end());
    start.erase(end, start.end());
  }
  return start;
}

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// Tab: puts in what all candidates begin with, else lists them. A candidate stands for the word
/// before the cursor.
unsigned char on_tab(EditLine* edit, int) {
  Editor& editor = editor_of(edit);
  const LineInfo* info = lib().line(edit);
  const std::string line(info->buffer, info->cursor);
  std::size_t begin = line.size();
  while (begin > 0 && is_word(line[begin - 1]))
    --begin;
  if (line.find_first_not_of(" \t") == std::string::npos) {
    return lib().insertstr(edit, "  ") == 0 ? CC_REFRESH : CC_ERROR;
  }
  const std::string word = line.substr(begin);
  std::vector<std::string> fitting;
  for (std::string& name : ask(editor, line)) {
    if (name.starts_with(word)) fitting.push_back(std::move(name));
  }
  if (fitting.empty()) return CC_REFRESH_BEEP;
  const std::string more = common_start(fitting).substr(word.size());
  if (!more.empty() && lib().insertstr(edit, more.c_str()) == 0) return CC_REFRESH;
  if (fitting.size() == 1) return CC_REFRESH;
  std::fputs("\r\n", stdout);
  for (const std::string& name : fitting)
    std::fprintf(stdout, "%s  ", name.c_str());
  std::fputs("\r\n", stdout);
  std::fflush(stdout);
  return CC_REDISPLAY;
}

/// Ctrl-C while a line is typed: the line is dropped.
unsigned char on_interrupt(EditLine* edit, int) {
  editor_of(edit).interrupted = true;
  std::fputs("^C\r\n", stdout);
  std::fflush(stdout);
  return CC_EOF;
}

void use_utf8() {
  if (std::setlocale(LC_CTYPE, "") == nullptr || MB_CUR_MAX == 1)
    std::setlocale(LC_CTYPE, "C.UTF-8");
}

void set_up(Editor& editor) {
  use_utf8();
  editor.edit = lib().init("moon-cli", stdin, stdout, stderr);
  editor.history = lib().history_init();
  HistEvent event;
  lib().history(editor.history, &event, H_SETSIZE, kHistorySize);
  lib().history(editor.history, &event, H_SETUNIQUE, 1);
  if (!editor.history_file.empty()) {
    lib().history(editor.history, &event, H_LOAD, editor.history_file.c_str());
  }
  EditLine* const edit = editor.edit;
  lib().set(edit, EL_CLIENTDATA, &editor);
  lib().set(edit, EL_PROMPT, prompt_of);
  lib().set(edit, EL_EDITOR, "emacs");
  lib().set(edit, EL_HIST, lib().history, editor.history);
  lib().set(edit, EL_ADDFN, "moonbox-complete", "completes a name", on_tab);
  lib().set(edit, EL_BIND, "^I", "moonbox-complete", nullptr);
  lib().set(edit, EL_ADDFN, "moonbox-interrupt", "drops the line", on_interrupt);
  lib().set(edit, EL_BIND, "^C", "moonbox-interrupt", nullptr);
  lib().set(edit, EL_BIND, "^R", "em-inc-search-prev", nullptr);
  lib().set(edit, EL_SETTY, "-d", "-isig", nullptr);
  lib().source(edit, nullptr);
}

void remember(Editor& editor, const std::string& line) {
  if (line.find_first_not_of(" \t") == std::string::npos) return;
  HistEvent event;
  lib().history(editor.history, &event, H_ENTER, line.c_str());
  if (editor.history_file.empty()) return;
  lib().history(editor.history, &event, H_SAVE, editor.history_file.c_str());
  ::chmod(editor.history_file.c_str(), 0600);
}

Result<std::string> read_line(Editor& editor) {
  int count = 0;
  editor.interrupted = false;
  // libedit itself shows the prompt first: a Ctrl-C or Ctrl-D typed right then went to the
  // terminal.
  lib().set(editor.edit, EL_PREP_TERM, 1);
  const char* text = lib().gets(editor.edit, &count);
  if (editor.interrupted) {
    lib().reset(editor.edit);
    return fail(Errc::cancelled, "interrupted");
  }
  if (text == nullptr || count <= 0) return fail(Errc::closed, "the terminal was closed");
  std::string line(text, static_cast<std::size_t>(count));
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r'))
    line.pop_back();
  remember(editor, line);
  return line;
}

/// editor.open{history?, complete?} → Editor
int editor_open(lua_State* state) {
  if (!lib().problem.empty()) {
    return script::push_failure(state,
                                {.code = Errc::not_found,
                                 .message = "there is no line editor here: " + lib().problem,
                                 .hint = "apt-get install libedit2"});
  }
  auto editor = std::make_shared<Editor>();
  if (lua_istable(state, 1)) {
    editor->history_file = script::field_string(state, 1, "history").value_or("");
    lua_getfield(state, 1, "complete");
    if (lua_isfunction(state, -1)) {
      editor->complete = Ref::pop(state);
    } else {
      lua_pop(state, 1);
    }
  }
  Vm& vm = Vm::of(state);
  editor->loop = &vm.loop();
  editor->vm = vm.watch();
  set_up(*editor);
  script::push_object(state, std::move(editor));
  return 1;
}

/// editor:read(prompt) → line | nil, err   *async*
int editor_read(lua_State* state) {
  const Handle editor = script::check_object<Editor>(state, 1);
  if (editor->reading) return luaL_error(state, "a line is being read already");
  editor->prompt = script::check_string(state, 2);
  return script::offload<std::string>(
      state,
      [editor]() -> Result<std::string> {
        editor->reading = true;
        const Defer done([&editor] { editor->reading = false; });
        return read_line(*editor);
      },
      [](lua_State* on, std::string&& line) {
        script::push_string(on, line);
        return 1;
      });
}

/// editor.on_interrupt(fn | nil)
int editor_on_interrupt(lua_State* state) {
  Vm& vm = Vm::of(state);
  auto* desk = vm.services().find<InterruptDesk>();
  if (desk == nullptr) return luaL_error(state, "engine.editor: this program has no terminal");
  if (lua_isnoneornil(state, 1)) {
    desk->handler = {};
    return 0;
  }
  luaL_checktype(state, 1, LUA_TFUNCTION);
  lua_settop(state, 1);
  desk->handler = [weak = vm.watch(), function = Ref::pop(state)] {
    if (const auto alive = weak.lock()) {
      (*alive)->spawn(
          function, [](lua_State*) { return 0; }, {}, {}, "interrupt");
    }
  };
  return 0;
}

constexpr luaL_Reg kEditorMethods[] = {{"read", script::thunk<editor_read>},
                                       {"close", script::thunk<script::release_object<Editor>>},
                                       {nullptr, nullptr}};

}  // namespace

int open_editor(lua_State* state) {
  script::define_class<Editor>(state, kEditorMethods);
  static const luaL_Reg functions[] = {{"open", script::thunk<editor_open>},
                                       {"on_interrupt", script::thunk<editor_on_interrupt>},
                                       {nullptr, nullptr}};
  luaL_newlib(state, functions);
  return 1;
}

}  // namespace engine::bindings
