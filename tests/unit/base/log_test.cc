#include "base/log.hh"

#include <catch2/catch.hpp>

#include <vector>

namespace log_of = engine::log;

namespace {

/// Keeps what the observer sees; nothing is written to a file or to standard error.
class Watched {
 public:
  Watched() {
    REQUIRE(log_of::configure({.to_stderr = false}));
    log_of::observe([this](log_of::Level,
                           std::string_view target,
                           std::string_view message,
                           std::span<const log_of::Field> fields) {
      std::string line = std::string(target) + ": " + std::string(message);
      for (const auto& [name, value] : fields)
        line += ' ' + std::string(name) + '=' + std::string(value);
      lines.push_back(line);
    });
  }
  ~Watched() { log_of::observe(nullptr); }
  std::vector<std::string> lines;
};

}  // namespace

TEST_CASE("base/log: an observer sees what is written, no more") {
  std::vector<std::string> seen;
  {
    Watched watched;
    log_of::info("a", "one", {{"k", "v"}});
    log_of::debug("a", "below the level");
    seen = watched.lines;
  }
  log_of::info("a", "nobody looks");
  CHECK(seen == std::vector<std::string>{"a: one k=v"});
}

TEST_CASE("base/log: what is hidden is masked in message and fields") {
  const Watched watched;
  CHECK_FALSE(log_of::hide("short"));
  CHECK(log_of::hide("secret"));
  CHECK(log_of::hide("secret-and-more"));
  log_of::info("a", "secret secret-and-more", {{"k", "xsecretx"}});
  CHECK(log_of::masked("a secret") == "a ***");
  log_of::unhide("secret-and-more");
  log_of::unhide("secret");
  log_of::info("a", "secret");
  CHECK(watched.lines == std::vector<std::string>{"a: *** *** k=x***x", "a: secret"});
}
