#include "bindings/lxc_host.hh"
#include "bindings/lxc_spec.hh"
#include "bindings/modules.hh"
#include "loop/fd_watch.hh"
#include "lxc/base_image.hh"
#include "lxc/container.hh"
#include "lxc/inside.hh"
#include "lxc/limits.hh"
#include "lxc/probe.hh"
#include "lxc/root.hh"
#include "ns/bridge.hh"
#include "ns/process_memory.hh"
#include "script/object.hh"
#include "script/task.hh"
#include "script/thunk.hh"

#include <algorithm>
#include <cctype>

namespace engine::bindings {
namespace {

namespace fs = std::filesystem;

constexpr double kStopTimeout = 30;

fs::path lxcpath_at(lua_State* state, int options) {
  if (lua_gettop(state) < options) return kLxcPath;
  return script::field_string(state, options, "lxcpath").value_or(kLxcPath);
}

Milliseconds seconds_at(lua_State* state, int options, double fallback) {
  double seconds = fallback;
  if (lua_gettop(state) >= options) {
    seconds = script::field_number(state, options, "timeout").value_or(fallback);
  }
  if (!(seconds >= 0 && seconds < 1e6)) luaL_error(state, "option 'timeout': seconds expected");
  return Milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

// --- results ---

template <typename T>
void set_number(lua_State* state, const char* name, const std::optional<T>& value) {
  if (!value) return;
  lua_pushnumber(state, static_cast<lua_Number>(*value));
  lua_setfield(state, -2, name);
}

void set_text(lua_State* state, const char* name, const std::string& value) {
  script::push_string(state, value);
  lua_setfield(state, -2, name);
}

void set_flag(lua_State* state, const char* name, bool value) {
  lua_pushboolean(state, value ? 1 : 0);
  lua_setfield(state, -2, name);
}

int push_running(lua_State* state, lxc::Running&& running) {
  lua_createtable(state, 0, 1);
  lua_pushinteger(state, running.pid);
  lua_setfield(state, -2, "pid");
  return 1;
}

int push_names(lua_State* state, std::vector<std::string>&& names) {
  lua_createtable(state, static_cast<int>(names.size()), 0);
  script::mark_array(state);
  for (std::size_t i = 0; i < names.size(); ++i) {
    script::push_string(state, names[i]);
    lua_rawseti(state, -2, static_cast<int>(i + 1));
  }
  return 1;
}

void push_problems(lua_State* state, const std::vector<lxc::Problem>& problems) {
  lua_createtable(state, static_cast<int>(problems.size()), 0);
  script::mark_array(state);
  for (std::size_t i = 0; i < problems.size(); ++i) {
    lua_createtable(state, 0, 3);
    set_text(state, "what", problems[i].what);
    set_text(state, "remedy", problems[i].remedy);
    set_flag(state, "fatal", problems[i].fatal);
    lua_rawseti(state, -2, static_cast<int>(i + 1));
  }
}

int push_probe(lua_State* state, lxc::Probe&& probe) {
  lua_createtable(state, 0, 11);
  set_flag(state, "works", probe.works());
  set_text(state, "lxc_version", probe.lxc_version);
  set_text(state, "kernel", probe.kernel);
  set_text(state, "cgroup_layout", probe.cgroup_layout);
  set_flag(state, "memory_controller", probe.memory_controller);
  set_flag(state, "pids_controller", probe.pids_controller);
  set_flag(state, "cgroup_kill", probe.cgroup_kill);
  set_flag(state, "apparmor", probe.apparmor);
  set_flag(state, "seccomp", probe.seccomp);
  set_flag(state, "squashfs_idmap", probe.squashfs_idmap);
  push_problems(state, probe.problems);
  lua_setfield(state, -2, "problems");
  return 1;
}

// --- host ---

/// lxc.probe(image?) → {works, …, problems}   *async*
int lxc_probe(lua_State* state) {
  const ns::FileRegion image{.file = std::string(script::opt_string(state, 1).value_or(""))};
  return script::offload<lxc::Probe>(
      state, [image] { return lxc::probe(image); }, &push_probe);
}

lxc::BaseImageInputs image_inputs_at(lua_State* state, int index) {
  lxc::BaseImageInputs inputs;
  if (auto busybox = script::field_string(state, index, "busybox")) inputs.busybox = *busybox;
  inputs.runtime = script::field_string(state, index, "moon_container").value_or("");
  const fs::path target = "usr/lib/moonbox/scripts";
  if (const auto scripts = script::field_string(state, index, "scripts")) {
    for (const char* room : {"lib", "runtime"}) {
      inputs.files.push_back({fs::path(*scripts) / room, target / room, false});
    }
  }
  if (const auto manifest = script::field_string(state, index, "manifest")) {
    inputs.files.push_back({*manifest, target / "package.lua", false});
  }
  return inputs;
}

/// lxc.build_base_image(opts) → {path, key, fresh} | nil, err   *async*
int lxc_build_base_image(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  const fs::path directory = script::field_string(state, 1, "directory").value_or("");
  if (!directory.is_absolute()) luaL_argerror(state, 1, "an absolute 'directory' expected");
  return script::offload<lxc::BaseImage>(
      state,
      [directory, inputs = image_inputs_at(state, 1)] {
        return lxc::build_base_image(directory, inputs);
      },
      [](lua_State* to, lxc::BaseImage&& image) {
        lua_createtable(to, 0, 3);
        set_text(to, "path", image.file.string());
        set_text(to, "key", image.key);
        set_flag(to, "fresh", image.built);
        return 1;
      });
}

struct Bridge {
  std::string name;
  ns::Ipv4Net subnet;
};

Result<bool> is_taken(const ns::Ipv4Net& subnet) {
  TRY_ASSIGN(const auto used, ns::networks_in_use());
  return std::any_of(
      used.begin(), used.end(), [&](const ns::Ipv4Net& other) { return other.overlaps(subnet); });
}

/// A subnet that was free once may be taken after a restart of the host (another network, a VPN);
/// as long as the bridge does not stand, another one is found then.
Result<ns::Ipv4Net> choose_subnet(const std::string& name, const std::string& wanted) {
  if (wanted.empty()) return ns::find_free_subnet(name);
  TRY_ASSIGN(const ns::Ipv4Net subnet, ns::parse_ipv4_net(wanted));
  TRY_ASSIGN(const auto links, ns::list_links());
  for (const auto& link : links) {
    if (link.name == name) return subnet;
  }
  TRY_ASSIGN(const bool taken, is_taken(subnet));
  if (taken) return ns::find_free_subnet(name);
  return subnet;
}

Result<Bridge> ensure_bridge(const std::string& name, const std::string& wanted) {
  TRY_ASSIGN(const ns::Ipv4Net subnet, choose_subnet(name, wanted));
  TRY(ns::ensure_bridge(name, subnet.host(1)));
  return Bridge{.name = name, .subnet = subnet};
}

/// lxc.ensure_bridge{name, subnet?} → {name, subnet, gateway} | nil, err   *async*
int lxc_ensure_bridge(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  return script::offload<Bridge>(
      state,
      [name = script::field_string(state, 1, "name").value_or(""),
       subnet = script::field_string(state, 1, "subnet").value_or("")] {
        return ensure_bridge(name, subnet);
      },
      [](lua_State* to, Bridge&& bridge) {
        lua_createtable(to, 0, 3);
        set_text(to, "name", bridge.name);
        set_text(to, "subnet", bridge.subnet.network().str());
        set_text(to, "gateway", bridge.subnet.host(1).address.str());
        return 1;
      });
}

/// lxc.delete_bridge(name) → true | nil, err   *async*
int lxc_delete_bridge(lua_State* state) {
  return script::offload(state, [name = text_at(state, 1)] { return ns::delete_link(name); });
}

// --- life ---

Result<> prepare(const ScriptSpec& spec, LxcHost& host) {
  TRY(lxc::prepare_root(spec.container, host.namespaces));
  if (spec.service_logs.empty()) return {};
  std::error_code error;
  fs::create_directories(spec.service_logs, error);
  if (error) return fail(errno_error("mkdir " + spec.service_logs.string(), error.value()));
  return lxc::mount_directory(
      spec.container, host.namespaces, spec.service_logs, "media/startos/logs", false);
}

lxc::StartHelper helper_at(lua_State* state, int index) {
  lxc::StartHelper helper;
  helper.command = script::field_strings(state, index, "start_helper");
  if (helper.command.empty()) helper.command = {"/proc/self/exe", "lxc-start"};
  return helper;
}

/// lxc.start(spec) → {pid} | nil, err   *async*
Result<int> lxc_start(lua_State* state) {
  TRY_ASSIGN(ScriptSpec spec, spec_at(state, 1));
  return script::offload<lxc::Running>(
      state,
      [spec = std::move(spec),
       helper = helper_at(state, 1),
       host = host_of(state)]() -> Result<lxc::Running> {
        TRY_ASSIGN(const std::string now, lxc::state(spec.container.name, spec.container.lxcpath));
        if (now != "STOPPED") {
          return fail(Errc::conflict, "container " + spec.container.name + " runs already");
        }
        TRY(prepare(spec, *host));
        return lxc::start(spec.container, helper);
      },
      &push_running);
}

/// lxc.adopt(spec) → {pid} | nil, err   *async*
Result<int> lxc_adopt(lua_State* state) {
  TRY_ASSIGN(ScriptSpec spec, spec_at(state, 1));
  return script::offload<lxc::Running>(
      state,
      [container = std::move(spec.container)] { return lxc::adopt(container); },
      &push_running);
}

/// lxc.stop(name, opts?) → true | nil, err   *async*
int lxc_stop(lua_State* state) {
  return script::offload(
      state,
      [name = text_at(state, 1),
       lxcpath = lxcpath_at(state, 2),
       grace = seconds_at(state, 2, kStopTimeout)] { return lxc::stop(name, lxcpath, grace); });
}

/// lxc.teardown(spec, opts?) → true | nil, err   *async*
Result<int> lxc_teardown(lua_State* state) {
  TRY_ASSIGN(ScriptSpec spec, spec_at(state, 1));
  return script::offload(state,
                         [container = std::move(spec.container), grace = seconds_at(state, 2, 0)] {
                           return lxc::teardown(container, grace);
                         });
}

Result<std::string> state_word(const std::string& name, const fs::path& lxcpath) {
  TRY_ASSIGN(std::string word, lxc::state(name, lxcpath));
  std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return word;
}

/// lxc.state(name, opts?) → 'running' | 'stopped' | …   *async*
int lxc_state(lua_State* state) {
  return script::offload<std::string>(
      state,
      [name = text_at(state, 1), lxcpath = lxcpath_at(state, 2)] {
        return state_word(name, lxcpath);
      },
      &push_text);
}

/// lxc.list(opts?) → names   *async*
int lxc_list(lua_State* state) {
  return script::offload<std::vector<std::string>>(
      state, [lxcpath = lxcpath_at(state, 1)] { return lxc::list_active(lxcpath); }, &push_names);
}

// --- waiting for the end of PID 1 ---

struct ExitWait {
  std::optional<script::Resumer> resumer;
  std::unique_ptr<loop::FdWatch> watch;
};

void finish(ExitWait& wait, Result<> result) {
  if (!wait.resumer) return;
  script::Resumer resumer = std::move(*wait.resumer);
  wait.resumer.reset();
  resumer.resume([result = std::move(result)](lua_State* state) {
    if (!result) return script::push_failure(state, result.error());
    lua_pushboolean(state, 1);
    return 1;
  });
}

void watch_exit(loop::Loop& loop, const std::shared_ptr<ExitWait>& wait, UniqueFd pidfd) {
  if (!wait->resumer) return;  // cancelled meanwhile
  wait->watch = std::make_unique<loop::FdWatch>(loop, std::move(pidfd));
  wait->watch->wait_readable([weak = std::weak_ptr(wait)](Result<> result) {
    if (const auto alive = weak.lock()) finish(*alive, std::move(result));
  });
}

script::Cancel begin_wait(loop::Loop& loop,
                          loop::OffloadPool& pool,
                          script::Resumer resumer,
                          std::string name,
                          fs::path lxcpath) {
  auto wait = std::make_shared<ExitWait>();
  wait->resumer.emplace(std::move(resumer));
  pool.run<lxc::Running>(
      loop,
      [name = std::move(name), lxcpath = std::move(lxcpath)] {
        return lxc::find_running(name, lxcpath);
      },
      [wait, &loop](Result<lxc::Running> running) {
        if (running) return watch_exit(loop, wait, std::move(running->pidfd));
        const bool ended = running.error().code == Errc::not_found;
        finish(*wait, ended ? Result<>() : fail(std::move(running).error()));
      });
  return [wait] {
    wait->resumer.reset();
    wait->watch.reset();
  };
}

/// lxc.wait_exit(name, opts?) → true | nil, err   *async*
int lxc_wait_exit(lua_State* state) {
  std::string name = text_at(state, 1);
  fs::path lxcpath = lxcpath_at(state, 2);
  auto* pool = script::offload_pool(state);
  if (pool == nullptr) return luaL_error(state, "lxc.wait_exit must run inside a task");
  loop::Loop& loop = script::Vm::of(state).loop();
  return script::suspend(state, [&](script::Resumer resumer) {
    return begin_wait(loop, *pool, std::move(resumer), std::move(name), std::move(lxcpath));
  });
}

// --- figures ---

struct Figures {
  lxc::Limits limits;
  lxc::Usage usage;
  ns::ProcessMemory init;
};

Result<Figures> read_figures(const std::string& name, const fs::path& lxcpath) {
  TRY_ASSIGN(const lxc::Running running, lxc::find_running(name, lxcpath));
  Figures figures;
  TRY_ASSIGN(figures.limits, lxc::read_limits(running.pid));
  TRY_ASSIGN(figures.usage, lxc::read_usage(running.pid));
  TRY_ASSIGN(figures.init, ns::read_process_memory(running.pid));
  return figures;
}

int push_figures(lua_State* state, Figures&& figures) {
  lua_createtable(state, 0, 9);
  set_number(state, "memory_limit", figures.limits.memory);
  set_number(state, "pids_limit", figures.limits.pids);
  set_number(state, "memory", figures.usage.memory);
  set_number(state, "memory_peak", figures.usage.memory_peak);
  set_number(state, "pids", figures.usage.pids);
  set_number(state, "cpu_microseconds", figures.usage.cpu_microseconds);
  set_number(state, "oom_kills", std::optional(figures.usage.oom_kills));
  set_number(state, "init_pss", std::optional(figures.init.pss));
  set_number(state, "init_rss", std::optional(figures.init.rss));
  return 1;
}

/// lxc.stats(name, opts?) → {memory_limit?, memory?, …} | nil, err   *async*
int lxc_stats(lua_State* state) {
  return script::offload<Figures>(
      state,
      [name = text_at(state, 1), lxcpath = lxcpath_at(state, 2)] {
        return read_figures(name, lxcpath);
      },
      &push_figures);
}

constexpr luaL_Reg kFunctions[] = {{"adopt", script::thunk<lxc_adopt>},
                                   {"build_base_image", script::thunk<lxc_build_base_image>},
                                   {"delete_bridge", script::thunk<lxc_delete_bridge>},
                                   {"ensure_bridge", script::thunk<lxc_ensure_bridge>},
                                   {"list", script::thunk<lxc_list>},
                                   {"probe", script::thunk<lxc_probe>},
                                   {"start", script::thunk<lxc_start>},
                                   {"state", script::thunk<lxc_state>},
                                   {"stats", script::thunk<lxc_stats>},
                                   {"stop", script::thunk<lxc_stop>},
                                   {"teardown", script::thunk<lxc_teardown>},
                                   {"wait_exit", script::thunk<lxc_wait_exit>},
                                   {nullptr, nullptr}};

constexpr luaL_Reg kNoMethods[] = {{nullptr, nullptr}};

}  // namespace

int open_lxc(lua_State* state) {
  script::define_class<LxcHost>(state, kNoMethods);
  script::push_object(state, std::make_shared<LxcHost>());
  lua_newtable(state);
  for (const bool mounts : {false, true}) {
    lua_pushvalue(state, -2);
    mounts ? add_lxc_mounts(state) : luaL_setfuncs(state, kFunctions, 1);
  }
  return 1;
}

}  // namespace engine::bindings
