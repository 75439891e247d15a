#include "app/daemon/generation.hh"

#include "app/daemon/failure_table.hh"
#include "base/file.hh"
#include "base/time.hh"
#include "json/writer.hh"
#include "script/convert.hh"

namespace engine::app {
namespace {

constexpr script::Limits kLoadLimits{.deadline = Milliseconds(10'000),
                                     .slice = Milliseconds(10'000)};

std::int64_t since(TimePoint start) {
  return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start).count();
}

/// Calls `function` and turns its first result into a tree.
Result<json::Value> call_for_value(script::Vm& vm,
                                   const script::Ref& function,
                                   script::Push arguments) {
  Result<json::Value> value;
  vm.call(function, std::move(arguments), kLoadLimits, [&](script::Outcome outcome) {
    if (!outcome.status) {
      value = fail(std::move(outcome.status).error());
    } else if (outcome.results > 0) {
      value = script::to_value(outcome.state, -outcome.results);
    }
  });
  return value;
}

Result<script::Ref> host_function(script::Vm& vm, const char* name) {
  TRY_ASSIGN(const script::Ref host, vm.require("core.host", kLoadLimits));
  host.push(vm.state());
  lua_getfield(vm.state(), -1, name);
  script::Ref function = script::Ref::pop(vm.state());
  lua_pop(vm.state(), 1);
  return function;
}

void push_trees(lua_State* state, const ScriptPackage& package) {
  lua_createtable(state, 0, static_cast<int>(package.trees.size()));
  for (const auto& [context, module] : package.trees) {
    script::push_string(state, module);
    lua_setfield(state, -2, context.c_str());
  }
}

/// {locale: {kind: label}} as rows that an Errc is an index of.
std::map<std::string, std::vector<std::string>, std::less<>> take_labels(const json::Value& told) {
  std::map<std::string, std::vector<std::string>, std::less<>> labels;
  if (!told.is_object()) return labels;
  for (const auto& [locale, of] : *told.object()) {
    std::vector<std::string>& row = labels[locale];
    for (const ErrcInfo& info : errc_table())
      row.push_back(of.string_or(info.kind, ""));
  }
  return labels;
}

}  // namespace

std::string_view Generation::label(std::string_view locale, Errc code) const {
  const auto row = labels.find(locale);
  const auto index = static_cast<std::size_t>(code);
  return row == labels.end() || index >= row->second.size() ? std::string_view()
                                                            : row->second[index];
}

json::Value Generation::description(std::string_view context) const {
  const auto found = descriptions.find(context);
  return found == descriptions.end() ? json::Value(json::Array{}) : *found->second;
}

Result<ScriptPackage> read_package(const std::filesystem::path& overlay,
                                   const std::filesystem::path& shipped) {
  loop::Loop scratch("manifest");
  const script::Services none;
  TRY_ASSIGN(const auto vm,
             script::Vm::create(scratch, none, {}, {.name = "manifest", .scripts = nullptr}));
  ScriptPackage package;
  package.file = shipped.parent_path() / "package.lua";
  TRY_ASSIGN(const std::string source, read_file(package.file));
  TRY_ASSIGN(const script::Ref chunk, vm->compile(source, "package.lua"));
  TRY_ASSIGN(const json::Value manifest, call_for_value(*vm, chunk, [](lua_State*) { return 0; }));
  const json::Value* entries = manifest.find("entries");
  if (entries == nullptr || !entries->is_object()) {
    return fail(Errc::script, package.file.string() + ": `entries` is missing");
  }
  if (const json::Value* trees = entries->find("trees"); trees != nullptr && trees->is_object()) {
    for (const auto& [context, module] : *trees->object()) {
      if (module.is_string()) package.trees[context] = *module.string();
    }
  }
  package.control = entries->string_or("control", "");
  if (!overlay.empty()) package.roots.push_back(overlay);
  package.roots.push_back(shipped);
  return package;
}

Result<script::Ref> load_trees(script::Vm& vm, const Generation& generation) {
  TRY_ASSIGN(const script::Ref load, host_function(vm, "load"));
  Result<script::Ref> runners;
  vm.call(
      load,
      [&](lua_State* state) {
        push_trees(state, generation.package);
        return 1;
      },
      kLoadLimits,
      [&](script::Outcome outcome) {
        if (!outcome.status) {
          runners = fail(std::move(outcome.status).error());
        } else {
          lua_pushvalue(outcome.state, -outcome.results);
          runners = script::Ref::pop(outcome.state);
        }
      });
  return runners;
}

namespace {

/// Takes the method table of `context` from `before` where it describes the same.
Result<> take_table(const std::string& context,
                    const json::Value& methods,
                    const Generation* before,
                    Generation& generation) {
  if (before != nullptr) {
    const auto same = before->descriptions.find(context);
    if (same != before->descriptions.end() && *same->second == methods) {
      generation.descriptions.insert(*same);
      generation.tables.insert(*before->tables.find(context));
      return {};
    }
  }
  TRY_ASSIGN(generation.tables[context], rpc::MethodTable::build(json::write(methods)));
  generation.descriptions[context] = std::make_shared<const json::Value>(methods);
  return {};
}

Result<> describe_trees(script::Vm& vm,
                        const Generation* before,
                        Generation& generation,
                        LoadTimes& times) {
  TimePoint start = Clock::now();
  TRY_ASSIGN(const script::Ref describe, host_function(vm, "describe"));
  TRY_ASSIGN(const json::Value description, call_for_value(vm, describe, [&](lua_State* state) {
               push_trees(state, generation.package);
               script::push_string(state, generation.package.control);
               return 2;
             }));
  times.build += since(start);
  start = Clock::now();
  for (const auto& [context, methods] : *description.object())
    TRY(take_table(context, methods, before, generation));
  TRY_ASSIGN(const script::Ref labels, host_function(vm, "labels"));
  TRY_ASSIGN(const json::Value told, call_for_value(vm, labels, [](lua_State*) { return 0; }));
  generation.labels = take_labels(told);
  times.validate = since(start);
  return {};
}

/// Adds file, line and source line of where it was raised. What a check of the handler tree raises
/// has file and line already, the file as tracebacks name it.
Error located(Error error, const script::Snapshot& scripts) {
  if (error.code != Errc::script) return error;
  json::Value info = json::parse(error.info).value_or(json::Value());
  if (!info.is_object()) info = json::Object{};  // a script may raise any details
  std::optional<Place> place;
  if (std::string named = info.string_or("file", ""); !named.empty()) {
    place = Place{.file = std::move(named), .line = static_cast<int>(info.integer_or("line", 0))};
  } else {
    place = find_place(error.debug);
    if (!place) place = find_place(error.message);
  }
  const auto* file = place ? scripts.find_by_name(place->file) : nullptr;
  if (file == nullptr) return error;
  info["file"] = file->path.string();
  info["line"] = static_cast<std::int64_t>(place->line);
  info["source"] = script::source_line(file->source, place->line);
  error.info = json::write(info);
  return error;
}

Result<> run_selftests(script::Vm& vm, LoadTimes& times) {
  const TimePoint start = Clock::now();
  TRY_ASSIGN(const script::Ref selftest, host_function(vm, "run_selftests"));
  TRY(call_for_value(vm, selftest, [](lua_State*) { return 0; }));
  times.selftest = since(start);
  return {};
}

}  // namespace

Result<std::shared_ptr<const Generation>> load_generation(const LoadRequest& request,
                                                          const script::Services& services,
                                                          std::span<const script::Module> modules,
                                                          LoadReport& report) {
  LoadTimes& times = report.times;
  auto generation = std::make_shared<Generation>();
  generation->id = request.id;
  generation->loaded_at = std::chrono::system_clock::now();
  const TimePoint start = Clock::now();
  loop::Loop scratch("scratch");
  TRY_ASSIGN(generation->package, read_package(request.overlay, request.shipped));
  const auto* before = request.before.get();
  script::Snapshot::Report files;
  auto scripts = script::Snapshot::read(
      generation->package.roots, before == nullptr ? nullptr : before->scripts.get(), &files);
  times.compile = files.compile;
  times.read = since(start) - files.compile;
  report.fingerprint = std::move(files.fingerprint);
  if (!request.refused.empty() && report.fingerprint == request.refused) return nullptr;
  TRY_ASSIGN(generation->scripts, std::move(scripts));
  if (before != nullptr && before->package == generation->package &&
      before->scripts->fingerprint() == generation->scripts->fingerprint()) {
    return request.before;
  }
  const TimePoint building = Clock::now();
  TRY_ASSIGN(const auto vm,
             script::Vm::create(scratch,
                                services,
                                modules,
                                {.name = "scratch", .jit = false, .scripts = generation->scripts}));
  times.build = since(building);
  Result<> good = describe_trees(*vm, before, *generation, times);
  if (good) good = run_selftests(*vm, times);
  if (!good) return fail(located(std::move(good).error(), *generation->scripts));
  return generation;
}

Result<std::shared_ptr<const Generation>> load_embedded(
    const std::vector<script::Snapshot::Source>& sources,
    std::map<std::string, std::string> trees,
    const script::Services& services,
    std::span<const script::Module> modules) {
  auto generation = std::make_shared<Generation>();
  generation->id = 1;
  generation->loaded_at = std::chrono::system_clock::now();
  generation->package.trees = std::move(trees);
  TRY_ASSIGN(generation->scripts, script::Snapshot::make(sources));
  loop::Loop scratch("scratch");
  TRY_ASSIGN(const auto vm,
             script::Vm::create(scratch,
                                services,
                                modules,
                                {.name = "scratch", .jit = false, .scripts = generation->scripts}));
  LoadTimes times;
  TRY(describe_trees(*vm, nullptr, *generation, times));
  return generation;
}

}  // namespace engine::app
