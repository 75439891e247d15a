#include "base/file.hh"
#include "bindings/modules.hh"
#include "json/reader.hh"
#include "script/convert.hh"
#include "script/vm.hh"

#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace script = engine::script;
using namespace std::chrono_literals;

namespace {

/// A checker with a field of every type; answers whether the params are good, and if not, whether
/// every problem has a path and a message.
constexpr std::string_view kChecker = R"lua(
local check = require('lib.rpc.check')
local problem = require('lib.rpc.problem')
local t = require('lib.rpc').types
local item = t.object{ fields = { id = t.package_id, count = t.integer{ min = 0, max = 9 } } }
local checker = check.compile(t.object{ fields = {
  text = t.string{ max_length = 64, default = 'x' }, flag = t.flag,
  number = t.number{ optional = true }, list = t.array{ of = item, optional = true },
  map = t.map{ of = t.integer, optional = true }, any = t.json{ optional = true },
  choice = t.enum{ 'one', 'two', optional = true }, wait = t.duration{ optional = true },
  url = t.url{ optional = true }, path = t.path{ optional = true, nullable = true },
  size = t.size{ optional = true, max = 4096 }, bytes = t.bytes{ optional = true, max = 64 },
  time = t.datetime{ optional = true }, pointer = t.pointer{ optional = true },
  wide = t.int64{ optional = true }, secret = t.secret{ optional = true, min_length = 3 },
  either = t.union{ t.integer, t.array(t.string), item, optional = true },
  tagged = t.tagged{ tag = 'type', optional = true, variants = {
    one = item, two = t.object{ open = true, fields = { deep = t.array(t.array(t.flag)) } },
  } },
  all = t.flag{ conflicts_with = 'list' }, key = t.string{ optional = true, requires = 'text' },
} })
return function(params)
  local good, problems = checker(params)
  if problems then
    assert(#problems > 0, 'no problem named')
    local err = problem.invalid(problems, 'params')
    assert(err.code == 'invalid_params' and #err.message > 0, 'no message')
    return
  end
  assert(type(good.text) == 'string' and type(good.flag) == 'boolean', 'a default is missing')
end
)lua";

/// One VM for the whole run, as a worker has.
struct World {
  engine::loop::Loop loop{"fuzz"};
  script::Services services;
  std::vector<script::Module> modules{{"engine.json", engine::bindings::open_json}};
  std::unique_ptr<script::Vm> vm;
  script::Ref check;

  World() {
    script::Vm::Options options{.name = "fuzz"};
    options.scripts = *script::Snapshot::read({MOONBOX_SOURCE_DIR "/scripts"});
    vm = *script::Vm::create(loop, services, modules, std::move(options));
    const auto compiled = vm->compile(kChecker, "checker");
    if (!compiled) std::abort();
    vm->call(
        *compiled,
        [](lua_State*) { return 0; },
        {60s, 60s},
        [this](script::Outcome outcome) {
          if (!outcome.status) std::abort();
          check = script::Ref::pop(outcome.state);
        });
  }
};

}  // namespace

/// What only the Lua heap points at would be taken for lost.
extern "C" int __lsan_is_turned_off() {  // NOLINT: the sanitizer's name
  return 1;
}

/// Whatever the params, the checker gives good ones or names the bad ones.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World world;
  const auto params =
      engine::json::parse(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!params || params->object() == nullptr) return 0;
  world.vm->call(
      world.check,
      [&](lua_State* state) {
        script::push_value(state, *params);
        return 1;
      },
      {60s, 60s},
      [](const script::Outcome& outcome) {
        if (!outcome.status) std::abort();
      });
  return 0;
}
