#include "app/daemon/settings.hh"

#include "support/temp_dir.hh"
#include <CLI/CLI.hpp>
#include <catch2/catch.hpp>

#include <fstream>

using engine::app::Settings;

namespace {

/// What `text` in a configuration file makes of the arguments `given`.
engine::Result<Settings> settings_of(const std::string& text, const std::string& given = "") {
  const engine::test::TempDir folder;
  const std::filesystem::path file = folder.path() / "config";
  std::ofstream(file) << text;
  Settings settings;
  CLI::App app;
  engine::app::add_settings(app, settings);
  app.parse(given);
  TRY(engine::app::read_config(file, app, settings));
  return settings;
}

std::string refusal_of(const std::string& text) {
  const auto settings = settings_of(text);
  REQUIRE_FALSE(settings);
  CHECK(settings.error().code == engine::Errc::usage);
  return settings.error().message;
}

}  // namespace

TEST_CASE("app/settings: without a file everything has its default") {
  Settings settings;
  CLI::App app;
  engine::app::add_settings(app, settings);
  CHECK(engine::app::read_config("/nowhere/config", app, settings));
  CHECK(settings.http.empty());
  CHECK(settings.limits.batch == 1'000);
}

TEST_CASE("app/settings: lists are arrays or several lines; comments and blank lines are nothing") {
  const auto settings = settings_of(
      "# comment\n\nhttp = [\"127.0.0.1:1\", \"[::1]:2\"]\nhttp = \"127.0.0.1:3\"\n"
      "  max-batch = 5  # five\r\nkeep-alive=0.5");
  REQUIRE(settings);
  CHECK(settings->http == std::vector<std::string>{"127.0.0.1:1", "[::1]:2", "127.0.0.1:3"});
  CHECK(settings->limits.batch == 5);
  CHECK(settings->limits.keep_alive == 0.5);
}

TEST_CASE("app/settings: the command line wins over the file") {
  const auto settings = settings_of("http = \"127.0.0.1:1\"\nmax-batch = 5\nworkers = 3\n",
                                    "--http [::1]:2 --workers 2");
  REQUIRE(settings);
  CHECK(settings->http == std::vector<std::string>{"[::1]:2"});
  CHECK(settings->workers == 2);
  CHECK(settings->limits.batch == 5);
}

TEST_CASE("app/settings: what is wrong is named with file and line") {
  CHECK(refusal_of("\nmax-bach = 5\n").find("config:2: there is no setting 'max-bach'") !=
        std::string::npos);
  CHECK(refusal_of("max-batch = 0\n").find("config:1: ") != std::string::npos);
  CHECK(refusal_of("workers = many\n").find("config:1: ") != std::string::npos);
  CHECK(refusal_of("# x\nwords\n").find("config:2: this is not `name = value`") !=
        std::string::npos);
  CHECK(refusal_of("http = [\"127.0.0.1:0\"\n").find("config:1: the list has no") !=
        std::string::npos);
  CHECK(refusal_of("[section]\n").find("config:1: ") != std::string::npos);
  CHECK(refusal_of("a.b = 1\n").find("config:1: ") != std::string::npos);
  CHECK(refusal_of("data-dir = \"/x\"\n").find("config:1: ") != std::string::npos);
}
