#include "bindings/command_output.hh"
#include "bindings/modules.hh"
#include "ns/listening_ports.hh"
#include "ns/process_memory.hh"
#include "ns/running_command.hh"
#include "ns/subcontainer.hh"
#include "ns/surroundings.hh"
#include "script/object.hh"
#include "script/task.hh"
#include "script/thunk.hh"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <map>
#include <optional>

namespace engine::bindings {
namespace {

using ns::RunningCommand;
using ns::SubcontainerMount;
using ns::Surroundings;

constexpr std::size_t kDefaultCapture = 1UL << 20U;

/// A subcontainer as scripts hold it.
struct ScriptSubcontainer {
  static constexpr const char* kLuaName = "engine.ns.Subcontainer";
  std::string name;
  std::unique_ptr<ns::Subcontainer> inner;
};

/// A process as scripts hold it. Keeps the subcontainer it runs in alive.
struct ScriptProcess {
  static constexpr const char* kLuaName = "engine.ns.Process";
  std::shared_ptr<ScriptSubcontainer> inside;
  std::shared_ptr<RunningCommand> running;
};

const Surroundings& surroundings_of(lua_State* state) {
  auto* found = script::Vm::of(state).services().find<Surroundings>();
  if (found == nullptr) luaL_error(state, "engine.ns: not inside a container");
  return *found;
}

// --- arguments ---

SubcontainerMount::Kind kind_at(lua_State* state, int mount) {
  const std::string kind = script::field_string(state, mount, "kind").value_or("directory");
  if (kind == "directory") return SubcontainerMount::Kind::directory;
  if (kind == "file") return SubcontainerMount::Kind::file;
  if (kind == "infer") return SubcontainerMount::Kind::infer;
  luaL_error(state, "mount kind must be directory, file or infer");
  return SubcontainerMount::Kind::infer;
}

std::vector<SubcontainerMount> mounts_at(lua_State* state, int options) {
  std::vector<SubcontainerMount> mounts;
  lua_getfield(state, options, "mounts");
  if (lua_istable(state, -1)) {
    const int list = lua_gettop(state);
    const auto count = static_cast<int>(lua_objlen(state, list));
    for (int i = 1; i <= count; ++i) {
      lua_rawgeti(state, list, i);
      const int mount = lua_gettop(state);
      luaL_checktype(state, mount, LUA_TTABLE);
      mounts.push_back(
          {.source = script::field_string(state, mount, "source").value_or(""),
           .subpath = script::field_string(state, mount, "subpath").value_or(""),
           .target = script::field_string(state, mount, "target").value_or(""),
           .read_only = script::field_boolean(state, mount, "readonly").value_or(false),
           .kind = kind_at(state, mount)});
      lua_pop(state, 1);
    }
  }
  lua_pop(state, 1);
  return mounts;
}

ns::Command command_at(lua_State* state, int options) {
  ns::Command command;
  command.argv = script::field_strings(state, options, "argv");
  command.environment = script::field_strings(state, options, "env");
  command.directory = script::field_string(state, options, "directory").value_or("/");
  command.user = script::field_string(state, options, "user").value_or("");
  return command;
}

UniqueFunction<void(std::string_view, std::string_view)> line_function_at(lua_State* state,
                                                                          int options) {
  lua_getfield(state, options, "on_line");
  if (lua_isnil(state, -1)) {
    lua_pop(state, 1);
    return {};
  }
  luaL_checktype(state, -1, LUA_TFUNCTION);
  return [&vm = script::Vm::of(state), on_line = script::Ref::pop(state)](
             std::string_view stream, std::string_view line) mutable {
    vm.call(
        on_line,
        [&](lua_State* target) {
          script::push_string(target, stream);
          script::push_string(target, line);
          return 2;
        },
        {},
        [](const script::Outcome&) {});
  };
}

ns::OutputOptions output_at(lua_State* state, int options, const std::string& subcontainer) {
  ns::OutputOptions output;
  const auto log = script::field_string(state, options, "log");
  output.log = log.has_value();
  output.source = {.subcontainer = subcontainer, .daemon = log.value_or(""), .stream = {}};
  if (script::field_boolean(state, options, "capture").value_or(false)) {
    output.capture = static_cast<std::size_t>(
        script::field_number(state, options, "limit").value_or(kDefaultCapture));
  }
  output.on_line = line_function_at(state, options);
  return output;
}

std::optional<int> signal_from_name(std::string_view name) {
  static const std::map<std::string_view, int> kSignals = {{"ABRT", SIGABRT},
                                                           {"CONT", SIGCONT},
                                                           {"HUP", SIGHUP},
                                                           {"INT", SIGINT},
                                                           {"KILL", SIGKILL},
                                                           {"QUIT", SIGQUIT},
                                                           {"STOP", SIGSTOP},
                                                           {"TERM", SIGTERM},
                                                           {"USR1", SIGUSR1},
                                                           {"USR2", SIGUSR2},
                                                           {"WINCH", SIGWINCH}};
  if (name.starts_with("SIG")) name.remove_prefix(3);
  const auto found = kSignals.find(name);
  return found == kSignals.end() ? std::nullopt : std::optional(found->second);
}

// --- processes ---

Result<int> push_started(lua_State* state,
                         std::shared_ptr<ScriptSubcontainer> inside,
                         Result<std::shared_ptr<RunningCommand>> running) {
  if (!running) return fail(std::move(running).error());
  auto process = std::make_shared<ScriptProcess>();
  process->inside = std::move(inside);
  process->running = std::move(*running);
  script::push_object(state, std::move(process));
  return 1;
}

int process_wait(lua_State* state) {
  const auto process = script::check_object<ScriptProcess>(state, 1);
  return script::suspend(state, [&](script::Resumer resumer) -> script::Cancel {
    process->running->wait(
        script::Resumer::completion<loop::CommandOutput>(std::move(resumer), push_output));
    return {};
  });
}

Result<int> process_signal(lua_State* state) {
  const auto process = script::check_object<ScriptProcess>(state, 1);
  const auto name = script::check_string(state, 2);
  const auto number = signal_from_name(name);
  if (!number) return fail(Errc::invalid_params, "no signal is called " + std::string(name));
  TRY(process->running->process().signal(*number));
  lua_pushboolean(state, 1);
  return 1;
}

int process_kill(lua_State* state) {
  script::check_object<ScriptProcess>(state, 1)->running->process().kill_all();
  return 0;
}

int process_pid(lua_State* state) {
  lua_pushinteger(state, script::check_object<ScriptProcess>(state, 1)->running->process().pid());
  return 1;
}

int process_running(lua_State* state) {
  const auto process = script::check_object<ScriptProcess>(state, 1);
  lua_pushboolean(state, process->running->process().running() ? 1 : 0);
  return 1;
}

// The group lives as long as the process; empty without a memory controller.
int process_memory(lua_State* state) {
  const auto process = script::check_object<ScriptProcess>(state, 1);
  const ns::CgroupLeaf* group = process->running->process().group();
  const auto bytes = group != nullptr ? group->memory_bytes() : std::nullopt;
  if (bytes) {
    lua_pushnumber(state, static_cast<lua_Number>(*bytes));
  } else {
    lua_pushnil(state);
  }
  return 1;
}

Result<int> ns_spawn(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  const Surroundings& around = surroundings_of(state);
  const std::string input = script::field_string(state, 1, "input").value_or("");
  auto start = [&around](const ns::Command& command) {
    return ns::ContainedProcess::start(around.reaper, {}, {}, command);
  };
  return push_started(
      state,
      nullptr,
      RunningCommand::start(
          around, command_at(state, 1), output_at(state, 1, ""), input, std::move(start)));
}

// --- subcontainers ---

Result<int> ns_subcontainer(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  const Surroundings& around = surroundings_of(state);
  ns::Subcontainer::Options options{
      .root = script::field_string(state, 1, "root").value_or(""),
      .mounts = mounts_at(state, 1),
      .resolv_conf = script::field_string(state, 1, "resolv_conf").value_or(""),
      .leader = around.leader,
      .leader_argv = around.leader_argv};
  if (!options.root.is_absolute()) return fail(Errc::invalid_params, "root must be absolute");
  auto made = std::make_shared<ScriptSubcontainer>();
  made->name = script::field_string(state, 1, "name").value_or("");
  made->inner =
      std::make_unique<ns::Subcontainer>(around.reaper, around.groups, std::move(options));
  script::push_object(state, std::move(made));
  return 1;
}

Result<int> subcontainer_start(lua_State* state) {
  TRY(script::check_object<ScriptSubcontainer>(state, 1)->inner->start());
  lua_pushboolean(state, 1);
  return 1;
}

template <auto Method>
Result<int> subcontainer_run(lua_State* state) {
  const auto sub = script::check_object<ScriptSubcontainer>(state, 1);
  luaL_checktype(state, 2, LUA_TTABLE);
  const std::string input = script::field_string(state, 2, "input").value_or("");
  auto start = [&sub](const ns::Command& command) { return (sub->inner.get()->*Method)(command); };
  return push_started(state,
                      sub,
                      RunningCommand::start(surroundings_of(state),
                                            command_at(state, 2),
                                            output_at(state, 2, sub->name),
                                            input,
                                            std::move(start)));
}

int subcontainer_kill(lua_State* state) {
  script::check_object<ScriptSubcontainer>(state, 1)->inner->kill();
  return 0;
}

int subcontainer_memory(lua_State* state) {
  const auto bytes = script::check_object<ScriptSubcontainer>(state, 1)->inner->memory_bytes();
  if (bytes) {
    lua_pushnumber(state, static_cast<lua_Number>(*bytes));
  } else {
    lua_pushnil(state);
  }
  return 1;
}

// --- the rest ---

Result<int> ns_port_bound(lua_State* state) {
  const auto port = luaL_checkinteger(state, 1);
  luaL_argcheck(state, port > 0 && port < 65'536, 1, "a port is 1 to 65535");
  TRY_ASSIGN(const bool bound,
             ns::is_port_bound(static_cast<std::uint16_t>(port), lua_toboolean(state, 2) != 0));
  lua_pushboolean(state, bound ? 1 : 0);
  return 1;
}

int ns_log(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  const std::string message = script::field_string(state, 1, "message").value_or("");
  const std::string level = script::field_string(state, 1, "level").value_or("info");
  const ns::LineSource source{
      .subcontainer = script::field_string(state, 1, "subcontainer").value_or(""),
      .daemon = script::field_string(state, 1, "daemon").value_or(""),
      .stream = {}};
  if (ns::LineSink* log = surroundings_of(state).log) log->line(source, level, message);
  return 0;
}

// A child of our own program: copying may take minutes, and PID 1 has only one thread.
Result<int> ns_copy(lua_State* state) {
  const Surroundings& around = surroundings_of(state);
  ns::Command command;
  command.argv = around.copy_argv;
  command.argv.emplace_back(script::check_string(state, 1));
  command.argv.emplace_back(script::check_string(state, 2));
  ns::OutputOptions output{.capture = kDefaultCapture};
  if (lua_istable(state, 3)) output.on_line = line_function_at(state, 3);
  const UniqueFd program(::open(around.leader.c_str(), O_PATH | O_CLOEXEC));
  if (!program) return fail_errno("open " + around.leader.string());
  command.program_fd = program.get();
  auto start = [&around](const ns::Command& copier) {
    return ns::ContainedProcess::start(around.reaper, {}, {}, copier);
  };
  return push_started(
      state,
      nullptr,
      RunningCommand::start(around, std::move(command), std::move(output), {}, std::move(start)));
}

Result<int> ns_memory(lua_State* state) {
  TRY_ASSIGN(const auto memory, ns::read_process_memory(::getpid()));
  lua_createtable(state, 0, 3);
  lua_pushnumber(state, static_cast<lua_Number>(memory.rss));
  lua_setfield(state, -2, "rss");
  lua_pushnumber(state, static_cast<lua_Number>(memory.pss));
  lua_setfield(state, -2, "pss");
  lua_pushnumber(state, static_cast<lua_Number>(script::Vm::of(state).heap_bytes()));
  lua_setfield(state, -2, "lua");
  return 1;
}

}  // namespace

int open_ns(lua_State* state) {
  static const luaL_Reg process[] = {{"wait", script::thunk<&process_wait>},
                                     {"signal", script::thunk<&process_signal>},
                                     {"kill", script::thunk<&process_kill>},
                                     {"pid", script::thunk<&process_pid>},
                                     {"running", script::thunk<&process_running>},
                                     {"memory", script::thunk<&process_memory>},
                                     {nullptr, nullptr}};
  static const luaL_Reg subcontainer[] = {
      {"start", script::thunk<&subcontainer_start>},
      {"exec", script::thunk<&subcontainer_run<&ns::Subcontainer::exec>>},
      {"launch", script::thunk<&subcontainer_run<&ns::Subcontainer::launch>>},
      {"kill", script::thunk<&subcontainer_kill>},
      {"memory", script::thunk<&subcontainer_memory>},
      {nullptr, nullptr}};
  static const luaL_Reg functions[] = {{"spawn", script::thunk<&ns_spawn>},
                                       {"subcontainer", script::thunk<&ns_subcontainer>},
                                       {"copy", script::thunk<&ns_copy>},
                                       {"port_bound", script::thunk<&ns_port_bound>},
                                       {"log", script::thunk<&ns_log>},
                                       {"memory", script::thunk<&ns_memory>},
                                       {nullptr, nullptr}};
  script::define_class<ScriptProcess>(state, process);
  script::define_class<ScriptSubcontainer>(state, subcontainer);
  lua_newtable(state);
  luaL_register(state, nullptr, functions);
  return 1;
}

}  // namespace engine::bindings
