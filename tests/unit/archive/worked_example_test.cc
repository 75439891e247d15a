#include "archive/writer.hh"
#include "base/file.hh"

#include <catch2/catch.hpp>

#include <algorithm>
#include <sstream>

using namespace engine;

namespace {

/// The bytes of a dump as `xxd` prints it.
Bytes bytes_of_dump(const std::string& dump) {
  Bytes out;
  std::istringstream lines(dump);
  for (std::string line; std::getline(lines, line);) {
    std::string digits = line.substr(line.find(": ") + 2, 40);
    std::erase(digits, ' ');
    const Bytes bytes = from_hex(digits).value();
    out.insert(out.end(), bytes.begin(), bytes.end());
  }
  return out;
}

std::string dump_in(const std::string& page) {
  const auto mark = page.find("<!-- the test archive/worked_example");
  const auto begin = page.find("```\n", mark) + 4;
  return page.substr(begin, page.find("```", begin) - begin);
}

}  // namespace

TEST_CASE("archive/worked_example: the bytes in docs/s9pk.md are those moonbox writes",
          "[archive]") {
  archive::Tree tree;
  REQUIRE(tree.add_text("hello.txt", "Hello, s9pk!\n"));
  archive::MemorySink sink;
  const crypto::SigningKey key{crypto::SigningKey::Seed{}};
  REQUIRE(archive::write_archive(tree, archive::seal_with(key), sink));
  const std::string page = read_file(std::string(MOONBOX_SOURCE_DIR) + "/docs/s9pk.md").value();
  CHECK(to_hex(bytes_of_dump(dump_in(page))) == to_hex(sink.bytes()));
}
