#include "launcher/store_check.hh"

#include "app/paths.hh"
#include "json/reader.hh"
#include "json/writer.hh"
#include "loop/child_process.hh"
#include "store/check.hh"

#include <fmt/core.h>

namespace engine::launcher {
namespace {

constexpr std::chrono::minutes kPatience{10};

json::Value told(const store::CheckReport& report) {
  json::Value value;
  value["oldest"] = report.oldest;
  value["head"] = report.head;
  value["revisions"] = report.revisions;
  value["entries"] = report.entries;
  value["documentBytes"] = report.document_bytes;
  value["fileBytes"] = report.file_bytes;
  return value;
}

json::Value told(const Error& error) {
  json::Value value;
  value["kind"] = errc_info(error.code).kind;
  value["message"] = error.message;
  value["hint"] = error.hint;
  return value;
}

Error error_from(const json::Value& value) {
  return {.code = errc_from_kind(value.string_or("kind", "corrupt")),
          .message = value.string_or("message", "the store could not be checked"),
          .hint = value.string_or("hint", "")};
}

}  // namespace

Result<json::Value> check_store(const std::filesystem::path& directory) {
  loop::SpawnOptions options;
  options.argv = {app::executable_path().native(), "store-check", directory.native()};
  TRY_ASSIGN(const loop::CommandOutput output, loop::run_command(options, kPatience));
  const auto answer = json::parse(output.out);
  const json::Value* good = answer ? answer->find("ok") : nullptr;
  if (good != nullptr && output.status.success()) return *good;
  const json::Value* bad = answer ? answer->find("error") : nullptr;
  if (bad != nullptr) return fail(error_from(*bad));
  return fail(Error{.code = Errc::corrupt,
                    .message = fmt::format("{}: reading it ends with {}",
                                           directory.native(),
                                           output.status.signal != 0
                                               ? fmt::format("signal {}", output.status.signal)
                                               : fmt::format("status {}", output.status.code)),
                    .hint = "restore a backup of the store; nothing was changed"});
}

int store_check_applet(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: store-check DIRECTORY\n");
    return errc_info(Errc::usage).exit_code;
  }
  const auto report = store::check(argv[1]);
  json::Value answer;
  if (report) {
    answer["ok"] = told(*report);
  } else {
    answer["error"] = told(report.error());
  }
  fmt::print("{}\n", json::write(answer));
  return report ? 0 : errc_info(report.error().code).exit_code;
}

}  // namespace engine::launcher
