#include "base/log.hh"

#include "base/verbosity.hh"

#include <catch2/catch.hpp>
#include <unistd.h>

#include <algorithm>
#include <array>
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

TEST_CASE("base/log: what others write cannot steer the terminal, nor look like an entry") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  const int terminal = ::dup(STDERR_FILENO);
  ::dup2(ends[1], STDERR_FILENO);
  const bool configured = log_of::configure({}).has_value();
  log_of::info("a", "one\n\x1b[2J\r\xc2\x9b", {{"k", "\x7f\tä"}});
  ::dup2(terminal, STDERR_FILENO);
  ::close(terminal);
  ::close(ends[1]);
  REQUIRE(configured);
  REQUIRE(log_of::configure({.to_stderr = false}));
  std::string told(200, ' ');
  told.resize(static_cast<std::size_t>(std::max(::ssize_t{0}, ::read(ends[0], told.data(), 200))));
  ::close(ends[0]);
  CHECK(told.ends_with(" info  a: one\n  \\027[2J\\013\\155 k=\\127\tä\n"));
}

TEST_CASE("base/log: who listens may hear more, of the parts it names and while it does") {
  const Watched watched;
  {
    const log_of::Verbosity part(log_of::Level::debug, {"a", "b.c"});
    log_of::debug("a", "1");
    log_of::debug("a.x", "2");
    log_of::debug("ab", "another part");
    log_of::debug("b", "above the part");
    log_of::debug("b.c", "3");
    log_of::write(log_of::Level::trace, "a", "below its level");
    {
      log_of::Verbosity moved(log_of::Level::trace, {});
      const log_of::Verbosity all = std::move(moved);
      log_of::write(log_of::Level::trace, "z", "4");
    }
    log_of::write(log_of::Level::trace, "z", "nobody wants it any more");
  }
  log_of::debug("a", "over");
  CHECK(log_of::threshold() == log_of::Level::info);
  CHECK(watched.lines == std::vector<std::string>{"a: 1", "a.x: 2", "b.c: 3", "z: 4"});
}
