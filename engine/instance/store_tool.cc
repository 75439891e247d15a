#include "instance/store_tool.hh"

#include "instance/paths.hh"
#include "json/reader.hh"
#include "json/writer.hh"
#include "loop/child_process.hh"
#include "store/backup.hh"
#include "store/check.hh"
#include "store/measure.hh"

#include <fmt/format.h>

#include <span>

namespace engine::instance {
namespace {

constexpr std::chrono::minutes kPatience{10};

using Words = std::span<char* const>;

json::Value told(const store::CheckReport& report) {
  json::Value value;
  value["oldest"] = report.oldest;
  value["head"] = report.head;
  value["revisions"] = report.revisions;
  value["inJournal"] = report.in_journal;
  value["entries"] = report.entries;
  value["documentBytes"] = report.document_bytes;
  value["fileBytes"] = report.file_bytes;
  value["findings"] = store::to_json(report.findings);
  return value;
}

json::Value told(const Error& error) {
  json::Value value;
  value["kind"] = errc_info(error.code).kind;
  value["message"] = error.message;
  value["hint"] = error.hint;
  if (!error.info.empty()) value["info"] = error.info;
  return value;
}

json::Value told(const store::Measures& measures) {
  const store::EnvStats& file = measures.file;
  json::Value value;
  value["bytes"] = measures.bytes;
  value["pageBytes"] = file.page_bytes;
  value["pages"] = file.pages;
  value["freePages"] = file.free_pages;
  value["depth"] = file.depth;
  value["entries"] = file.entries;
  value["readers"] = file.readers;
  value["mapBytes"] = file.map_bytes;
  value["id"] = measures.id;
  value["format"] = measures.format;
  value["head"] = measures.head;
  value["oldest"] = measures.oldest;
  value["inJournal"] = measures.in_journal;
  value["logBytes"] = measures.log_bytes;
  if (auto schema = json::parse(measures.schema)) value["schema"] = std::move(*schema);
  return value;
}

Error error_from(const json::Value& value) {
  return {.code = errc_from_kind(value.string_or("kind", "corrupt")),
          .message = value.string_or("message", "the store could not be read"),
          .hint = value.string_or("hint", ""),
          .info = value.string_or("info", "")};
}

// --- the parent ---

/// The last line of the child, and what it began to read before.
struct Heard {
  json::Value last;
  std::string at = "file";
};

Heard heard_in(std::string_view text) {
  Heard heard;
  while (!text.empty()) {
    const auto end = text.find('\n');
    auto line = json::parse(text.substr(0, end));
    if (line) heard.last = std::move(*line);
    heard.at = heard.last.string_or("at", heard.at);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return heard;
}

Result<json::Value> run(std::vector<std::string> words, const std::filesystem::path& about) {
  loop::SpawnOptions options;
  options.argv = {executable_path().native(), "store-tool"};
  options.argv.insert(options.argv.end(), words.begin(), words.end());
  TRY_ASSIGN(const loop::CommandOutput output, loop::run_command(options, kPatience));
  const Heard heard = heard_in(output.out);
  const json::Value* good = heard.last.find("ok");
  if (good != nullptr && output.status.success()) return *good;
  if (const json::Value* bad = heard.last.find("error")) return fail(error_from(*bad));
  const auto& status = output.status;
  return fail(Error{.code = Errc::corrupt,
                    .message = fmt::format("{}: reading its {} ends with {} {}",
                                           about.native(),
                                           heard.at,
                                           status.signal != 0 ? "signal" : "status",
                                           status.signal != 0 ? status.signal : status.code),
                    .hint = "restore a backup: moon-cli db restore FILE; nothing was changed"});
}

/// Also of a child that dies nothing is left.
Result<json::Value> run_writing(std::vector<std::string> words,
                                const std::filesystem::path& about,
                                const std::filesystem::path& target) {
  auto done = run(std::move(words), about);
  if (!done) store::clear_unfinished(target);
  return done;
}

// --- the child ---

int say(const json::Value& value, int status) {
  fmt::print("{}\n", json::write(value));
  return status;
}

int answer(const Result<json::Value>& result) {
  if (result) return say(json::Object{{"ok", *result}}, 0);
  return say(json::Object{{"error", told(result.error())}},
             errc_info(result.error().code).exit_code);
}

Result<json::Value> do_check(Words words) {
  TRY_ASSIGN(const auto report, store::check(words[0], [](std::string_view at) {
               say(json::Object{{"at", at}}, 0);
               std::fflush(stdout);  // the next step may be the last
             }));
  return told(report);
}

Result<json::Value> do_backup(Words words) {
  TRY_ASSIGN(const auto report, store::backup(words[0], words[1], words.size() > 2));
  return told(report);
}

Result<json::Value> do_restore(Words words) {
  TRY_ASSIGN(const auto restored, store::restore(words[0], words[1]));
  json::Value value;
  value["report"] = told(restored.report);
  if (!restored.kept.empty()) value["kept"] = restored.kept.native();
  return value;
}

Result<json::Value> do_compact(Words words) {
  TRY_ASSIGN(const auto done, store::compact(words[0]));
  return json::Value(json::Object{{"before", done.before}, {"after", done.after}});
}

Result<json::Value> do_measure(Words words) {
  TRY_ASSIGN(const auto measures, store::measure(words[0]));
  return told(measures);
}

struct Task {
  std::string_view name;
  std::size_t words;
  Result<json::Value> (*run)(Words words);
};

constexpr std::array kTasks = {
    Task{"check", 1, do_check},
    Task{"backup", 2, do_backup},
    Task{"restore", 2, do_restore},
    Task{"compact", 1, do_compact},
    Task{"measure", 1, do_measure},
};

}  // namespace

Result<json::Value> check_store(const std::filesystem::path& path) {
  return run({"check", path.native()}, path);
}

Result<json::Value> prove_store(const std::filesystem::path& path) {
  TRY_ASSIGN(json::Value report, check_store(path));
  const json::Value* findings = report.find("findings");
  if (findings == nullptr || findings->array() == nullptr || findings->array()->empty()) {
    return report;
  }
  store::CheckReport found;
  for (const json::Value& each : *findings->array())
    found.findings.push_back({each.string_or("where", ""), each.string_or("what", "")});
  TRY(store::verdict(found, path));
  return report;
}

Result<json::Value> backup_store(const std::filesystem::path& directory,
                                 const std::filesystem::path& file,
                                 bool replace) {
  std::vector<std::string> words = {"backup", directory.native(), file.native()};
  if (replace) words.emplace_back("replace");
  return run_writing(std::move(words), directory, file);
}

Result<json::Value> restore_store(const std::filesystem::path& file,
                                  const std::filesystem::path& directory) {
  return run_writing({"restore", file.native(), directory.native()}, file, directory);
}

Result<json::Value> compact_store(const std::filesystem::path& directory) {
  return run_writing({"compact", directory.native()}, directory, directory / store::kDataFile);
}

Result<json::Value> measure_store(const std::filesystem::path& directory) {
  return run({"measure", directory.native()}, directory);
}

int store_tool_applet(int argc, char** argv) {
  const Words words(argv, static_cast<std::size_t>(argc));
  for (const Task& task : kTasks) {
    if (argc < 2 || task.name != argv[1] || words.size() < 2 + task.words) continue;
    return answer(task.run(words.subspan(2)));
  }
  fmt::print(stderr, "usage: store-tool check|backup|restore|compact|measure PATH…\n");
  return errc_info(Errc::usage).exit_code;
}

}  // namespace engine::instance
