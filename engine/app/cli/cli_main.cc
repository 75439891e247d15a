#include "app/cli/cli_main.hh"

#include "app/cli/script_host.hh"
#include "base/version.hh"
#include "instance/paths.hh"
#include "json/writer.hh"
#include "loop/child_process.hh"

#include "cli/parser.hh"
#include "cli/start_cache.hh"
#include "cli/start_file.hh"
#include "cli/words.hh"
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace engine::app {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kProgram = "moon-cli";

using Roots = std::vector<fs::path>;

/// The command tree, and the scripts behind it.
struct Session {
  std::shared_ptr<const script::Snapshot> scripts;
  std::unique_ptr<ScriptHost> host;  ///< null until it is needed
  cli::Command root;
  std::string left_out = {};  ///< what is to be told of scripts that do not load
};

/// As the commands themselves tell their errors (`lib.rpc.output`).
int report(const Error& error, const cli::Globals& globals, const cli::Words& words) {
  const ErrcInfo& info = errc_info(error.code);
  // JSON is YAML, too.
  if (globals.format && (globals.format->starts_with("json") || *globals.format == "yaml")) {
    json::Value told =
        json::Object{{"kind", info.kind}, {"message", error.message}, {"exitCode", info.exit_code}};
    if (!error.hint.empty()) told["hint"] = error.hint;
    fmt::print(stderr, "{}\n", json::write(json::Object{{"error", std::move(told)}}));
    return info.exit_code;
  }
  fmt::print(stderr, "{}: {}\n", words("error"), error.message);
  if (!error.hint.empty()) fmt::print(stderr, "{}: {}\n", words("hint"), error.hint);
  if (globals.verbose && !error.debug.empty()) fmt::print(stderr, "{}\n", error.debug);
  return info.exit_code;
}

/// Loads all scripts and asks them.
Result<json::Value> describe(Session& session) {
  TRY_ASSIGN(session.host, ScriptHost::open(session.scripts));
  return session.host->describe(json::Object{{"name", kProgram}});
}

/// For what a description of the tree holds, beside the scripts it is made from.
std::string cache_key(const Roots& roots) {
  std::string key = fmt::format("{} {}", kProgram, kVersion);
  struct stat program {};
  if (::stat(instance::executable_path().c_str(), &program) == 0) {
    key +=
        fmt::format(" {}:{}.{}", program.st_size, program.st_mtim.tv_sec, program.st_mtim.tv_nsec);
  }
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    key += fmt::format(" {}", value == nullptr ? "" : value);
  }
  for (const fs::path& root : roots)
    key += '\n' + root.string();
  return key;
}

/// As an earlier run kept it; nothing where that cannot be.
std::optional<Session> known_session(const std::shared_ptr<script::Snapshot>& index,
                                     const cli::StartCache& cache,
                                     const std::vector<std::string>& words) {
  auto kept = cache.load(index->fingerprint());
  if (!kept) return std::nullopt;
  const auto file = std::make_shared<const std::pair<cli::KeptFile, cli::StartFile>>(
      std::move(*kept), cli::StartFile(kept->text()));
  auto root = file->second.tree(words);
  if (!root) return std::nullopt;
  index->use_code([file](std::string_view module) { return file->second.code(module); });
  return Session{.scripts = index, .host = {}, .root = std::move(*root)};
}

std::string start_file(const json::Value& tree, const script::Snapshot& scripts) {
  std::vector<cli::StartFile::Module> modules;
  for (const auto& [name, file] : scripts.files())
    modules.push_back({name, file->bytecode});
  return cli::StartFile::make(tree, modules);
}

Result<Session> load(const Roots& roots, const std::vector<std::string>& words) {
  TRY_ASSIGN(const std::shared_ptr<script::Snapshot> index, script::Snapshot::index(roots));
  const cli::StartCache cache(cli::StartCache::default_directory(), cache_key(roots));
  if (auto known = known_session(index, cache, words)) return std::move(*known);
  Session session;
  // All of them: what is broken is told before anything is kept.
  TRY_ASSIGN(session.scripts, script::Snapshot::read(roots));
  TRY_ASSIGN(const json::Value tree, describe(session));
  TRY_ASSIGN(session.root, cli::read_command(tree));
  cache.store(index->fingerprint(), index->newest(), start_file(tree, *session.scripts));
  return session;
}

/// With the operator's scripts over the shipped ones; if those are broken, without them, so that
/// there is a tool to repair them with.
Result<Session> load_session(const instance::Paths& paths,
                             const fs::path& shipped,
                             const std::vector<std::string>& words) {
  std::error_code ignored;
  if (!fs::is_directory(paths.overlay(), ignored)) return load({shipped}, words);
  auto session = load({paths.overlay(), shipped}, words);
  if (session) return session;
  auto plain = load({shipped}, words);
  if (!plain) return plain;
  // Who may not read them may not call the daemon either, and is told so then.
  if (session.error().code != Errc::permission_denied) {
    plain->left_out = fmt::format("{}: the scripts in {} are left out, they do not load: {}\n",
                                  kProgram,
                                  paths.overlay().string(),
                                  session.error().message);
  }
  return plain;
}

/// The same; if the shipped scripts are broken too or are not there, with those built into the
/// program.
Result<Session> load_somehow(const instance::Paths& paths,
                             const Result<fs::path>& shipped,
                             const std::vector<std::string>& words) {
  Error why;
  if (shipped) {
    auto session = load_session(paths, *shipped, words);
    if (session) return session;
    why = std::move(session).error();
  } else {
    why = shipped.error();
  }
  fmt::print(stderr,
             "{}: moonbox's scripts do not load, this runs from the copy in the program: {}\n",
             kProgram,
             why.message);
  Session session;
  TRY_ASSIGN(session.scripts, ScriptHost::embedded());
  TRY_ASSIGN(const json::Value tree, describe(session));
  TRY_ASSIGN(session.root, cli::read_command(tree));
  return session;
}

/// Whether a command says by itself what is wrong with the operator's scripts.
bool tells_of_scripts(const std::vector<std::string>& path) {
  return path.size() == 2 && path[0] == "script" &&
         (path[1] == "check" || path[1] == "reload" || path[1] == "status");
}

/// The module that declares the branch of the tree a command lies in; empty when that is not known.
std::string branch_of(const cli::Command& root, const cli::Invocation& invocation) {
  const cli::Command* branch = invocation.path.empty() ? nullptr : root.find(invocation.path[0]);
  return branch == nullptr ? "" : branch->module;
}

/// The options that say which daemon is meant, for hints that can be typed as they stand.
json::Array daemon_options(const cli::Globals& given, const instance::Paths& paths) {
  json::Array options;
  if (given.data_dir) {
    options.emplace_back("--data-dir");
    options.emplace_back(paths.base.string());
  }
  if (given.instance) {
    options.emplace_back("--instance");
    options.emplace_back(paths.instance);
  }
  return options;
}

/// What `core.cli_main.run` is told.
json::Value command_for(cli::Invocation invocation,
                        const std::string& branch,
                        const instance::Paths& paths,
                        const fs::path& scripts) {
  json::Value globals = json::Object{{"verbose", invocation.globals.verbose},
                                     {"dataDir", paths.base.string()},
                                     {"instance", paths.instance},
                                     {"daemonOptions", daemon_options(invocation.globals, paths)}};
  if (invocation.globals.format) globals["format"] = *invocation.globals.format;
  if (invocation.globals.color) globals["color"] = *invocation.globals.color;
  if (invocation.globals.scripts) globals["scripts"] = scripts.string();
  return json::Object{{"path", json::Array(invocation.path.begin(), invocation.path.end())},
                      {"params", std::move(invocation.params)},
                      {"globals", std::move(globals)},
                      {"facts",
                       json::Object{{"branch", branch},
                                    {"program", instance::executable_path().string()},
                                    {"scripts", scripts.string()},
                                    {"version", kVersion}}}};
}

Result<int> run(const std::vector<std::string>& words, const cli::Globals& known) {
  TRY_ASSIGN(const instance::Paths paths, instance::resolve_paths(known.data_dir, known.instance));
  const auto found = instance::find_scripts(known.scripts);
  if (!found && found.error().code == Errc::usage) return fail(found.error());
  TRY_ASSIGN(Session session, load_somehow(paths, found, words));
  const fs::path scripts = found.value_or(fs::path());
  Result<cli::Parsed> parsed = cli::parse(session.root, words, kVersion);
  if (!parsed || !parsed->invocation || !tells_of_scripts(parsed->invocation->path)) {
    fmt::print(stderr, "{}", session.left_out);
  }
  if (!parsed) return report(parsed.error(), known, cli::Words(session.root));
  if (!parsed->invocation) {
    fmt::print(parsed->status == 0 ? stdout : stderr, "{}", parsed->text);
    return parsed->status;
  }
  const std::string branch = branch_of(session.root, *parsed->invocation);
  if (!session.host) {
    TRY_ASSIGN(session.host, ScriptHost::open(session.scripts));
  }
  auto status =
      session.host->run(command_for(std::move(*parsed->invocation), branch, paths, scripts));
#ifndef __SANITIZE_ADDRESS__
  // The process ends with this: to free every object of the VM first would be time for nothing,
  // except where somebody looks for what is never freed. Nobody is left to kill what was cancelled.
  loop::kill_commands();
  static_cast<void>(session.host.release());
#endif
  return status;
}

}  // namespace

int cli_main(int argc, char** argv) {
  // A reader that goes away is told by the write; see `engine.term`.
  ::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string> words(argv + 1, argv + argc);
  const cli::Globals globals = cli::scan_globals(words);
  const auto status = run(words, globals);
  if (status) return *status;
  const cli::Command untranslated;  // nothing could be read that has other words
  return report(status.error(), globals, cli::Words(untranslated));
}

}  // namespace engine::app
