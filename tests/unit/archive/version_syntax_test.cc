#include "archive/version_syntax.hh"

#include "base/file.hh"

#include <catch2/catch.hpp>

#include <map>
#include <regex>
#include <sstream>
#include <string>

using namespace engine;

namespace {

/// `{N:TEXT}` repeated, `\\t` and `\\n` as what they stand for.
std::string text_of(const std::string& written) {
  static const std::regex kRepeated("\\{(\\d+):([^}]+)\\}|\\\\([tn])");
  std::string out;
  auto at = written.cbegin();
  for (std::smatch match; std::regex_search(at, written.cend(), match, kRepeated);
       at = match[0].second) {
    out.append(at, match[0].first);
    if (match[3].matched) out += match[3] == "t" ? '\t' : '\n';
    for (int i = match[1].matched ? std::stoi(match[1]) : 0; i > 0; --i)
      out += match[2];
  }
  return out.append(at, written.cend());
}

}  // namespace

TEST_CASE("archive/version_syntax: reads what scripts read", "[archive]") {
  const std::map<std::string, bool (*)(std::string_view)> kinds = {
      {"plain", archive::is_plain_version},
      {"version", archive::is_extended_version},
      {"range", archive::is_version_range}};
  const auto table =
      read_file(std::filesystem::path(MOONBOX_SOURCE_DIR) / "tests/data/exver/syntax.txt");
  REQUIRE(table);
  std::istringstream lines(*table);
  int count = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) continue;
    const auto kind = line.find(' ');
    const auto answer = line.find(' ', kind + 1);
    CAPTURE(line);
    CHECK(kinds.at(line.substr(0, kind))(text_of(line.substr(answer + 1))) ==
          (line.substr(kind + 1, answer - kind - 1) == "yes"));
    ++count;
  }
  CHECK(count > 80);
}
