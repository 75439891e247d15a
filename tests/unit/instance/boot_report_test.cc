#include "instance/boot_report.hh"

#include "base/file.hh"

#include "support/temp_dir.hh"
#include <catch2/catch.hpp>

using engine::Errc;
using engine::instance::BootReport;

TEST_CASE("instance/boot_report: a daemon that only says why is ready, and told why",
          "[instance]") {
  BootReport report;
  report.feed(
      "PHASE scripts\nDEGRADED {\"kind\":\"script\",\"message\":\"core/db.lua:3: no\","
      "\"hint\":\"\",\"info\":{\"file\":\"/s/core/db.lua\",\"line\":3}}\n");
  CHECK(report.ready());
  REQUIRE(report.fault());
  CHECK(report.fault()->code == Errc::script);
  CHECK(report.fault()->message == "core/db.lua:3: no");
  CHECK(report.fault()->info == R"({"file":"/s/core/db.lua","line":3})");
  CHECK_FALSE(report.error());
}

TEST_CASE("instance/boot_report: follows phases to ready, however the bytes are cut") {
  const std::string text = "PHASE lock\nPHASE store\nREADY\n";
  for (std::size_t cut = 1; cut <= text.size(); ++cut) {
    BootReport report;
    for (std::size_t at = 0; at < text.size(); at += cut)
      report.feed(std::string_view(text).substr(at, cut));
    CHECK(report.ready());
    CHECK(report.phase() == "store");
    CHECK_FALSE(report.error());
  }
}

TEST_CASE("instance/boot_report: passes the daemon's error on") {
  BootReport report;
  report.feed(R"(ERROR {"kind":"cannot_bind","message":"no socket","hint":"remove it"})");
  CHECK_FALSE(report.error());
  report.feed("\n");
  REQUIRE(report.error());
  CHECK(report.error()->code == Errc::cannot_bind);
  CHECK(report.error()->message == "no socket");
  CHECK(report.error()->hint == "remove it");
  CHECK_FALSE(report.ready());
}

TEST_CASE("instance/boot_report: strange lines neither crash nor count") {
  BootReport report;
  report.feed("hello\n\nREADY?\nERROR nonsense\n");
  CHECK_FALSE(report.ready());
  REQUIRE(report.error());
  CHECK(report.error()->code == Errc::internal);
  for (int i = 0; i < 100; ++i)
    report.feed(std::string(4096, 'x'));
  report.feed("\nREADY\n");
  CHECK(report.ready());
}

TEST_CASE("instance/boot_report: the tail of a log is its last whole lines") {
  const engine::test::TempDir root;
  const auto file = root.path() / "log";
  CHECK(engine::instance::last_lines(file, 3).empty());
  REQUIRE(engine::write_file_atomic(file, "a\nb\nc\nd\n"));
  CHECK(engine::instance::last_lines(file, 2) == std::vector<std::string>{"c", "d"});
  CHECK(engine::instance::last_lines(file, 9, 4) == std::vector<std::string>{"c", "d"});
  CHECK(engine::instance::last_lines(file, 9, 8).empty());
}

TEST_CASE("instance/boot_report: an exit status finds a kind that ends with it") {
  for (const int code : {2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14}) {
    CHECK(engine::errc_info(engine::instance::errc_from_exit_code(code)).exit_code == code);
  }
  CHECK(engine::instance::errc_from_exit_code(99) == Errc::internal);
}
