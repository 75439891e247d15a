// Runs *_spec.lua files through lib.spec, each in a VM of its own.
//
//     spec_runner SOURCE_DIR SPEC…        a file, or a folder searched for *_spec.lua
//
// Modules named engine.NAME come from the bindings every program offers, or from
// tests/script/support/fakes/NAME.lua where the real one needs a daemon around it.

#include "base/file.hh"
#include "bindings/modules.hh"
#include "json/value.hh"
#include "loop/offload.hh"
#include "net/connection_table.hh"
#include "script/convert.hh"
#include "script/live.hh"
#include "script/state_table.hh"
#include "script/vm.hh"
#include "store/store.hh"

#include "support/temp_dir.hh"
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;

using engine::Result;
namespace bindings = engine::bindings;
namespace json = engine::json;
namespace script = engine::script;
namespace fs = std::filesystem;

constexpr script::Limits kLimits{.deadline = 120s, .slice = 60s};

struct Tally {
  std::int64_t passed = 0;
  std::int64_t failed = 0;
};

fs::path& source_dir() {
  static fs::path path;
  return path;
}

/// Opens engine.NAME from support/fakes/NAME.lua; the loader passes the module's name.
int open_fake(lua_State* state) {
  const std::string name(script::check_string(state, 1).substr(std::string_view("engine.").size()));
  const std::string file = "support/fakes/" + name + ".lua";
  const auto source = engine::read_file(source_dir() / "tests/script" / file);
  if (!source) return luaL_error(state, "no fake for engine.%s", name.c_str());
  const std::string chunk = "@" + file;
  if (luaL_loadbuffer(state, source->data(), source->size(), chunk.c_str()) != 0) {
    return lua_error(state);
  }
  lua_call(state, 0, 1);
  return 1;
}

/// Specs below tests/script/store run over a real store, the others over a fake of it.
bool wants_store(const std::string& spec) {
  return spec.starts_with("tests/script/store/");
}

std::vector<script::Module> modules(bool real_store) {
  return {{"engine.errc", bindings::open_errc},
          {"engine.file", bindings::open_file},
          {"engine.json", bindings::open_json},
          {"engine.log", open_fake},
          {"engine.loop", bindings::open_loop},
          {"engine.module", bindings::open_module},
          {"engine.process", bindings::open_process},
          {"engine.state", bindings::open_state},
          {"engine.client", open_fake},
          {"engine.continuation", open_fake},
          {"engine.connection", bindings::open_connection},
          {"engine.crypto", bindings::open_crypto},
          {"engine.daemon", open_fake},
          {"engine.daemon_control", open_fake},
          {"engine.event", open_fake},
          {"engine.job", open_fake},
          {"engine.lease", open_fake},
          {"engine.lxc", open_fake},
          {"engine.scratch", open_fake},
          {"engine.debug", open_fake},
          {"engine.editor", open_fake},
          {"engine.spec", open_fake},
          {"engine.store", real_store ? bindings::open_store : open_fake},
          {"engine.store_tool", open_fake},
          {"engine.term", open_fake},
          {"engine.archive", open_fake},
          {"engine.fetch", open_fake},
          {"engine.ns", open_fake}};
}

void print_failures(const std::string& file, const json::Value& report) {
  const json::Value* failures = report.find("failures");
  if (failures == nullptr || failures->array() == nullptr) return;
  for (const json::Value& failure : *failures->array()) {
    fmt::print("FAIL {}: {}: {}\n",
               file,
               failure.string_or("name", "?"),
               failure.string_or("message", "?"));
  }
}

Result<json::Value> run_in(script::Vm& vm, const std::string& source, const std::string& name) {
  TRY_ASSIGN(const script::Ref run, vm.compile("return require('support.run')(...)", "runner"));
  std::optional<Result<json::Value>> report;
  vm.spawn(
      run,
      [&](lua_State* state) {
        script::push_string(state, source);
        script::push_string(state, name);
        lua_pushcfunction(state, script::push_held);
        return 3;
      },
      kLimits,
      [&](script::Outcome outcome) {
        report = outcome.status ? script::to_value(outcome.state, -1)
                                : Result<json::Value>(engine::fail(outcome.status.error()));
        vm.loop().stop();
      });
  if (!report) vm.loop().run();
  return *report;
}

Result<json::Value> run_spec(const fs::path& path, const std::string& name) {
  TRY_ASSIGN(const std::string source, engine::read_file(path));
  TRY_ASSIGN(const auto scripts,
             script::Snapshot::read({source_dir() / "scripts", source_dir() / "tests/script"}));
  engine::loop::Loop loop("spec");
  engine::loop::OffloadPool pool(2);
  script::Services services;
  services.add(pool);
  script::StateTable state;
  services.add(state);
  engine::net::ConnectionTable connections;
  connections.add({.id = 1, .transport = "tls", .address = "127.0.0.1:4711"}, {});
  connections.add({.id = 2, .transport = "ws", .address = "127.0.0.1:4712"}, {});
  services.add(connections);
  const std::vector<script::Module> offered = modules(wants_store(name));
  const engine::test::TempDir directory;
  std::unique_ptr<engine::store::Store> store;
  if (wants_store(name)) {
    TRY_ASSIGN(store, engine::store::Store::open(directory.path() / "store"));
    services.add(*store);
  }
  TRY_ASSIGN(auto vm,
             script::Vm::create(loop, services, offered, {.name = "spec", .scripts = scripts}));
  const Result<json::Value> report = run_in(*vm, source, name);
  vm.reset();
  loop.poll();
  const script::Live& left = script::live();
  if (left.refs != 0 || left.tasks != 0 || left.objects != 0) {
    return engine::fail(engine::Errc::script,
                        fmt::format("left behind: {} references, {} tasks, {} objects",
                                    left.refs,
                                    left.tasks,
                                    left.objects));
  }
  return report;
}

std::vector<fs::path> find_specs(const fs::path& below) {
  if (!fs::is_directory(below)) return {below};
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(below)) {
    if (entry.path().filename().string().ends_with("_spec.lua")) found.push_back(entry.path());
  }
  std::ranges::sort(found);
  return found;
}

void run_file(const fs::path& path, Tally& tally) {
  const std::string name = fs::relative(path, source_dir()).string();
  const Result<json::Value> report = run_spec(path, name);
  if (!report) {
    ++tally.failed;
    fmt::print("FAIL {}: {}\n{}\n", name, report.error().message, report.error().debug);
    return;
  }
  print_failures(name, *report);
  tally.passed += report->integer_or("passed", 0);
  tally.failed += report->integer_or("failed", 0);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "usage: {} SOURCE_DIR SPEC…\n", argv[0]);
    return 2;
  }
  source_dir() = fs::absolute(argv[1]);
  std::vector<fs::path> wanted;
  for (int i = 2; i < argc; ++i)
    wanted.push_back(fs::absolute(argv[i]));
  fs::current_path(source_dir());  // specs may read files of the source tree
  Tally tally;
  for (const fs::path& below : wanted) {
    for (const fs::path& path : find_specs(below))
      run_file(path, tally);
  }
  fmt::print("{} passed, {} failed\n", tally.passed, tally.failed);
  return tally.failed == 0 && tally.passed > 0 ? 0 : 1;
}
