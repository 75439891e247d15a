#include "loop/loop.hh"
#include "ns/line_reader.hh"
#include "ns/listening_ports.hh"
#include "ns/rotating_file.hh"

#include "host_fixture.hh"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

using engine::UniqueFd;
using engine::loop::Loop;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  UniqueFd writer(ends[1]);
  Loop loop("test");
  std::vector<std::string> lines;
  engine::ns::LineReader reader(
      loop,
      UniqueFd(ends[0]),
      [&](std::string_view line) { lines.emplace_back(line); },
      [&] { loop.stop(); });
  REQUIRE(::write(writer.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  writer.reset();
  loop.run();
  return lines;
}

}  // namespace

TEST_CASE("ns/line_reader: gives every line once, the last without its end too", "[ns]") {
  CHECK(lines_of("one\ntwo\n\nfour") == std::vector<std::string>{"one", "two", "", "four"});
  CHECK(lines_of("").empty());
}

TEST_CASE("ns/line_reader: cuts a line without end into pieces", "[ns]") {
  const auto lines = lines_of(std::string(40'000, 'x').append("\nend\n"));
  REQUIRE(lines.size() == 4);
  CHECK(lines[0].size() == engine::ns::LineReader::kMaxLine);
  CHECK(lines[0].size() + lines[1].size() + lines[2].size() == 40'000);
  CHECK(lines[3] == "end");
}

TEST_CASE("ns/rotating_file: keeps a bounded number of bounded files", "[ns]") {
  const TestDirectory directory;
  const auto path = directory.path() / "service.log";
  {
    engine::ns::RotatingFile file(path, 100, 3);
    for (int i = 0; i < 40; ++i)
      REQUIRE_OK(file.append("0123456789012345678" + std::to_string(i % 10)));
  }
  CHECK(std::filesystem::file_size(path) <= 100);
  CHECK(std::filesystem::exists(path.string() + ".1"));
  CHECK(std::filesystem::exists(path.string() + ".2"));
  CHECK_FALSE(std::filesystem::exists(path.string() + ".3"));
  engine::ns::RotatingFile again(path, 100, 3);
  const auto before = std::filesystem::file_size(path);
  REQUIRE_OK(again.append("x"));
  CHECK(std::filesystem::file_size(path) == before + 2);
}

TEST_CASE("ns/listening_ports: sees a listener, not a mere connection end", "[ns]") {
  const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  socklen_t size = sizeof address;
  REQUIRE(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  const std::uint16_t port = ntohs(address.sin_port);
  CHECK_FALSE(*engine::ns::is_port_bound(port));
  REQUIRE(::listen(socket.get(), 1) == 0);
  CHECK(*engine::ns::is_port_bound(port));
  CHECK_FALSE(*engine::ns::is_port_bound(port, true));
}
