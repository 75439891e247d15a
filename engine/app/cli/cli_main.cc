#include "app/cli/cli_main.hh"

#include "app/cli/script_host.hh"
#include "app/paths.hh"
#include "app/version.hh"

#include "cli/parser.hh"
#include <fmt/format.h>
#include <signal.h>

#include <cstdio>
#include <string>
#include <vector>

namespace engine::app {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kProgram = "moon-cli";

/// A VM with the scripts in it and the parser's view of them.
struct Session {
  std::unique_ptr<ScriptHost> host;
  cli::Command root;
};

int report(const Error& error, bool verbose) {
  fmt::print(stderr, "error: {}\n", error.message);
  if (!error.hint.empty()) fmt::print(stderr, "hint: {}\n", error.hint);
  if (verbose && !error.debug.empty()) fmt::print(stderr, "{}\n", error.debug);
  return errc_info(error.code).exit_code;
}

Result<Session> load(Result<std::unique_ptr<ScriptHost>> host) {
  Session session;
  TRY_ASSIGN(session.host, std::move(host));
  TRY_ASSIGN(const json::Value tree, session.host->describe(json::Object{{"name", kProgram}}));
  TRY_ASSIGN(session.root, cli::read_command(tree));
  return session;
}

/// With the operator's scripts over the shipped ones; if those are broken, without them, so that
/// there is a tool to repair them with.
Result<Session> load_session(const Paths& paths, const fs::path& shipped) {
  std::error_code ignored;
  if (!fs::is_directory(paths.overlay(), ignored)) return load(ScriptHost::open({shipped}));
  auto session = load(ScriptHost::open({paths.overlay(), shipped}));
  if (session) return session;
  auto plain = load(ScriptHost::open({shipped}));
  if (!plain) return plain;
  fmt::print(stderr,
             "{}: the scripts in {} are left out, they do not load: {}\n",
             kProgram,
             paths.overlay().string(),
             session.error().message);
  return plain;
}

/// The same; if the shipped scripts are broken too or are not there, with those built into the
/// program.
Result<Session> load_somehow(const Paths& paths, const Result<fs::path>& shipped) {
  Error why;
  if (shipped) {
    auto session = load_session(paths, *shipped);
    if (session) return session;
    why = std::move(session).error();
  } else {
    why = shipped.error();
  }
  fmt::print(stderr,
             "{}: moonbox's scripts do not load, this runs from the copy in the program: {}\n",
             kProgram,
             why.message);
  return load(ScriptHost::open_embedded());
}

/// What `core.cli_main.run` is told.
json::Value command_for(cli::Invocation invocation, const Paths& paths, const fs::path& scripts) {
  json::Value globals = json::Object{{"verbose", invocation.globals.verbose},
                                     {"dataDir", paths.base.string()},
                                     {"instance", paths.instance}};
  if (invocation.globals.format) globals["format"] = *invocation.globals.format;
  if (invocation.globals.scripts) globals["scripts"] = scripts.string();
  return json::Object{{"path", json::Array(invocation.path.begin(), invocation.path.end())},
                      {"params", std::move(invocation.params)},
                      {"globals", std::move(globals)},
                      {"facts",
                       json::Object{{"program", executable_path().string()},
                                    {"scripts", scripts.string()},
                                    {"version", kVersion}}}};
}

Result<int> run(const std::vector<std::string>& words, const cli::Globals& known) {
  TRY_ASSIGN(const Paths paths, resolve_paths(known.data_dir, known.instance));
  const auto found = find_scripts(known.scripts);
  if (!found && found.error().code == Errc::usage) return fail(found.error());
  TRY_ASSIGN(const Session session, load_somehow(paths, found));
  const fs::path scripts = found.value_or(fs::path());
  TRY_ASSIGN(cli::Parsed parsed, cli::parse(session.root, words, kVersion));
  if (!parsed.invocation) {
    fmt::print(parsed.status == 0 ? stdout : stderr, "{}", parsed.text);
    return parsed.status;
  }
  return session.host->run(command_for(std::move(*parsed.invocation), paths, scripts));
}

}  // namespace

int cli_main(int argc, char** argv) {
  // A reader that goes away is told by the write; see `engine.term`.
  ::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string> words(argv + 1, argv + argc);
  const cli::Globals globals = cli::scan_globals(words);
  const auto status = run(words, globals);
  return status ? *status : report(status.error(), globals.verbose);
}

}  // namespace engine::app
