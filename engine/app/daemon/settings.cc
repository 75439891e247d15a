#include "app/daemon/settings.hh"

#include "base/file.hh"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <thread>

namespace engine::app {
namespace {

constexpr double kLongestSeconds = 86'400;

void add_listeners(CLI::App& app, Settings& settings) {
  // One value each time, so that nothing that follows is taken for an address.
  const auto add = [&](const char* name, std::vector<std::string>& into, const char* what) {
    app.add_option(name, into, what)->expected(1)->take_all()->type_name("ADDR:PORT");
  };
  add("--http", settings.http, "serve HTTP and WebSocket there; repeatable");
  add("--https", settings.https, "the same over TLS; repeatable");
  add("--tls-lines", settings.tls_lines, "serve lines over TLS there; repeatable");
}

/// What scripts may take of the machine.
void add_bounds(CLI::App& app, Settings& settings) {
  app.add_option("--script-memory", settings.script_memory, "MiB that each VM may hold")
      ->check(CLI::Range(16, 65'536))
      ->capture_default_str();
  const auto kept = [&](const char* name, std::size_t& into, const char* what) {
    app.add_option(name, into, what)
        ->check(CLI::Range(event::Ring::kLeastBuffer, std::size_t{1'000'000}))
        ->capture_default_str();
  };
  kept("--kept-events", settings.kept_events, "events kept for who asks later, within 16 MiB");
  kept("--kept-lines", settings.kept_lines, "log lines kept for who asks later, within 16 MiB");
  app.add_option("--snapshot-age",
                 settings.snapshot_age,
                 "seconds until a snapshot of the store that somebody keeps is ended")
      ->check(CLI::Range(1.0, kLongestSeconds))
      ->capture_default_str();
}

void add_limits(CLI::App& app, WireLimits& limits) {
  const auto count = [&](const char* name, std::size_t& into, std::size_t most, const char* what) {
    app.add_option(name, into, what)
        ->check(CLI::Range(std::size_t{1}, most))
        ->capture_default_str();
  };
  const auto seconds = [&](const char* name, double& into, const char* what) {
    app.add_option(name, into, what)
        ->check(CLI::Range(0.0, kLongestSeconds))
        ->capture_default_str();
  };
  count("--max-message", limits.message, 1UL << 30U, "bytes of a line, body or message");
  count("--max-nesting", limits.nesting, 192, "levels of nesting in one message");
  count("--max-batch", limits.batch, 100'000, "calls of one batch");
  count("--max-batch-answer",
        limits.batch_answer,
        1UL << 30U,
        "bytes of a batch's answers after which no more of it is begun");
  count("--max-waiting", limits.waiting, 1'000'000, "calls that wait for a blocking thread");
  count("--max-in-flight", limits.in_flight, 10'000, "requests under way on one connection");
  count("--max-header", limits.header, 1UL << 20U, "bytes of an HTTP request's headers");
  count("--max-connections", limits.connections, 1'000'000, "connections to the Unix socket");
  count("--max-remote-connections",
        limits.remote_connections,
        1'000'000,
        "connections to all TCP ports together");
  count("--max-per-address", limits.per_address, 1'000'000, "of those, from one address");
  seconds("--idle-timeout", limits.idle, "seconds of an idle line connection; 0: for ever");
  seconds("--keep-alive", limits.keep_alive, "seconds between HTTP requests; 0: for ever");
  seconds("--handshake-timeout", limits.handshake, "seconds of a TLS handshake or HTTP headers");
  seconds("--stalled-timeout", limits.stalled, "seconds without a byte inside a line");
  seconds("--push-timeout",
          limits.push,
          "seconds a subscriber may take nothing while events wait for it; 0: for ever");
  seconds("--stranger-timeout",
          limits.stranger,
          "seconds a WebSocket or TLS line of a stranger may be idle; 0: for ever");
  app.add_option("--min-rate",
                 limits.min_rate,
                 "bytes a second a line, body or message must bring on the whole; 0: any")
      ->check(CLI::Range(std::size_t{0}, std::size_t{1} << 30U))
      ->capture_default_str();
  app.add_option("--spin", limits.spin, "microseconds to poll after work before sleeping")
      ->check(CLI::Range(std::size_t{0}, std::size_t{10'000}))
      ->capture_default_str();
}

tl::unexpected<Error> refuse(const std::filesystem::path& file, std::size_t line, std::string why) {
  while (why.ends_with('\n'))
    why.pop_back();
  return fail(Error{.code = Errc::usage,
                    .message = fmt::format("{}:{}: {}", file.string(), line, why),
                    .hint = "`moond run --help` lists the settings: `name = value`, the name that "
                            "of an option without its dashes"});
}

bool is_blank(std::string_view line) {
  const std::size_t begin = line.find_first_not_of(" \t\r");
  return begin == std::string_view::npos || line[begin] == '#';
}

/// The arguments one line of the file stands for.
Result<std::vector<std::string>> arguments_of(const std::string& line,
                                              const CLI::App& known,
                                              const std::filesystem::path& file,
                                              std::size_t number) {
  std::vector<std::string> arguments;
  std::vector<CLI::ConfigItem> items;
  try {
    std::istringstream stream(line);
    items = CLI::ConfigTOML().from_config(stream);
  } catch (const CLI::Error& problem) {
    return refuse(file, number, problem.what());
  }
  if (items.size() != 1 || !items.front().parents.empty() || items.front().inputs.empty() ||
      line.find('=') == std::string::npos) {
    return refuse(file, number, "this is not `name = value`");
  }
  // The reader takes the end of the line for the end of a list.
  if (line.find('[') != std::string::npos && line.find(']') == std::string::npos) {
    return refuse(file, number, "the list has no `]` on its line");
  }
  const std::string name = "--" + items.front().name;
  if (known.get_option_no_throw(name) == nullptr) {
    return refuse(file, number, fmt::format("there is no setting '{}'", items.front().name));
  }
  for (const std::string& input : items.front().inputs) {
    arguments.push_back(name);
    arguments.push_back(input);
  }
  return arguments;
}

/// Parses `arguments` as a command line of settings alone. CLI11 wants them last first.
Result<> apply(std::vector<std::string> arguments, Settings& settings) {
  CLI::App app;
  add_settings(app, settings);
  app.set_help_flag();
  std::ranges::reverse(arguments);
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& problem) {
    return fail(Errc::usage, problem.what());
  }
  return {};
}

}  // namespace

std::size_t default_workers() {
  const std::size_t cores = std::max(1U, std::thread::hardware_concurrency());
  return std::clamp<std::size_t>(cores - 1, 1, 4);
}

void add_settings(CLI::App& app, Settings& settings) {
  app.add_option("--workers", settings.workers, "worker threads")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app.add_option("--log-level", settings.log_level, "trace, debug, info, warn or error")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error"}))
      ->capture_default_str();
  app.add_option("--multi-arch-s9pks",
                 settings.multi_arch_s9pks,
                 "true: installed packages keep the images of other architectures")
      ->capture_default_str();
  add_listeners(app, settings);
  add_bounds(app, settings);
  add_limits(app, settings.limits);
}

Result<> read_config(const std::filesystem::path& file, const CLI::App& given, Settings& settings) {
  auto text = read_file(file);
  if (!text) {
    if (text.error().code == Errc::not_found) return {};
    return fail(std::move(text).error());
  }
  CLI::App known;
  Settings scratch;
  add_settings(known, scratch);
  std::vector<std::string> all;
  std::istringstream lines(*text);
  std::string line;
  for (std::size_t number = 1; std::getline(lines, line); ++number) {
    if (is_blank(line)) continue;
    TRY_ASSIGN(std::vector<std::string> arguments, arguments_of(line, known, file, number));
    Settings tried;
    if (Result<> fits = apply(arguments, tried); !fits) {
      return refuse(file, number, fits.error().message);
    }
    if (given.get_option(arguments.front())->count() > 0) continue;
    all.insert(all.end(), arguments.begin(), arguments.end());
  }
  if (Result<> applied = apply(std::move(all), settings); !applied) {
    return fail(std::move(applied).error().context(file.string()));
  }
  return {};
}

}  // namespace engine::app
