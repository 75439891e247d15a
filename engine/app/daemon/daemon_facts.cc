#include "app/daemon/daemon_facts.hh"

#include "app/daemon/generation.hh"
#include "app/daemon/migrate.hh"
#include "app/daemon/ports.hh"
#include "base/log.hh"
#include "base/version.hh"
#include "instance/store_tool.hh"
#include "json/reader.hh"
#include "json/writer.hh"
#include "script/guard.hh"

#include <sys/utsname.h>
#include <unistd.h>

namespace engine::app {
namespace {

/// A store that was not closed is read to its last page before anything is written.
Result<> check_after_crash(const std::filesystem::path& directory) {
  if (!store::Store::is_unclean(directory)) return {};
  log::warn("store", "the last daemon did not close the store; checking it", {});
  TRY_ASSIGN(const json::Value found, instance::prove_store(directory));
  log::info("store", "the store is in order", {{"report", json::write(found)}});
  return {};
}

}  // namespace

json::Value first_document() {
  json::Value value;
  value["public"]["serverInfo"]["version"] = kVersion;
  value["public"]["packageData"] = json::Object{};
  value["public"]["ui"] = json::Object{};
  value["private"]["packages"] = json::Object{};
  return value;
}

json::Value daemon_facts(const DaemonOptions& options,
                         const instance::Lock& lock,
                         const StartTime& started) {
  json::Value value;
  value["name"] = "moonbox";
  value["version"] = kVersion;
  value["gitInfo"] = kGitInfo;
  value["instance"] = options.paths.instance;
  value["instanceId"] = lock.record().instance_id;
  value["dataDir"] = options.paths.data.string();
  value["socket"] = options.paths.socket.string();
  value["log"] = options.paths.daemon_log().string();
  value["pid"] = static_cast<std::int64_t>(::getpid());
  value["uid"] = static_cast<std::int64_t>(::geteuid());
  value["uptime"] = std::chrono::duration<double>(Clock::now() - started.steady).count();
  value["startedAt"] = std::chrono::duration<double>(started.wall.time_since_epoch()).count();
  value["workers"] = static_cast<std::int64_t>(options.settings.workers);
  value["multiArchS9pks"] = options.settings.multi_arch_s9pks;
  utsname machine{};
  ::uname(&machine);
  value["arch"] = std::string_view(machine.machine);
  value["kernel"] = std::string_view(machine.release);
  value["hostname"] = std::string_view(machine.nodename);
  value["guard"] = script::Guard::stops_compiled_code() ? "jit" : "interpreter";
  value["shippedScripts"] = options.scripts.string();
  value["scriptManifest"] = (options.scripts.parent_path() / "package.lua").string();
  value["moonContainer"] = (instance::executable_path().parent_path() / "moon-container").string();
  value["limits"] = limits_to_json(options.settings.limits);
  return value;
}

json::Value describe_fault(const Error& fault) {
  json::Value value;
  if (auto info = json::parse(fault.info); info && info->is_object()) value = std::move(*info);
  value["kind"] = errc_info(fault.code).kind;
  value["message"] = fault.message;
  if (!fault.hint.empty()) value["hint"] = fault.hint;
  return value;
}

Result<std::unique_ptr<store::Store>> open_store(const DaemonOptions& options, bool try_only) {
  const auto directory = options.paths.data / "store";
  TRY_ASSIGN(const ScriptPackage package, read_package(options.paths.overlay(), options.scripts));
  TRY_ASSIGN(const auto scripts, script::Snapshot::index(package.roots));
  TRY(check_after_crash(directory));
  TRY_ASSIGN(auto store,
             store::Store::open(directory,
                                {.initial = first_document(),
                                 .schema = newest_schema(*scripts),
                                 .snapshot_age = milliseconds(options.settings.snapshot_age)}));
  TRY(migrate(*store, scripts, directory, try_only));
  return store;
}

}  // namespace engine::app
