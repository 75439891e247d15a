#include "rpc/request.hh"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <random>
#include <string>

using engine::Errc;
using engine::rpc::decode;
using engine::rpc::Incoming;
using engine::rpc::Protocol;

namespace {

Incoming decoded(std::string_view line) {
  Incoming incoming;
  decode(line, incoming);
  return incoming;
}

Errc refusal(std::string_view line) {
  const Incoming incoming = decoded(line);
  INFO(line);
  REQUIRE_FALSE(incoming.status);
  CHECK(incoming.requests.empty());
  CHECK_FALSE(incoming.batch);
  return incoming.status.error().code;
}

}  // namespace

TEST_CASE("rpc/request: slices method, params and id as they are written") {
  const std::string line =
      R"( {"x":{"id":7},"params" : {"a":[1,{"method":"no"}]} , "id" : "q\"1","method":"echo"} )";
  const Incoming incoming = decoded(line);
  REQUIRE(incoming.status);
  REQUIRE(incoming.requests.size() == 1);
  CHECK(incoming.requests[0].method == "echo");
  CHECK(incoming.requests[0].params == R"({"a":[1,{"method":"no"}]})");
  CHECK(incoming.requests[0].id == R"("q\"1")");
}

TEST_CASE("rpc/request: fills in absent and null params and an absent id") {
  for (const char* line : {R"({"method":"m"})", R"({"method":"m","params":null})"}) {
    const Incoming incoming = decoded(line);
    REQUIRE(incoming.status);
    CHECK(incoming.requests[0].params == "{}");
    CHECK(incoming.requests[0].id == "null");
  }
}

TEST_CASE("rpc/request: echoes every kind of number as id") {
  for (const char* id : {"0", "-1", "1.0", "1.5e3", "18446744073709551615", "null"}) {
    const std::string line = fmt::format(R"({{"method":"m","id":{}}})", id);
    const Incoming incoming = decoded(line);
    REQUIRE(incoming.status);
    CHECK(incoming.requests[0].id == id);
  }
}

TEST_CASE("rpc/request: reads a method written with escapes") {
  const std::string line = R"({"method":"\u0065cho\n","id":1})";
  Incoming incoming;
  decode(line, incoming);
  REQUIRE(incoming.status);
  CHECK(incoming.requests[0].method == "echo\n");
}

TEST_CASE("rpc/request: a member that occurs twice counts as the last one") {
  const Incoming incoming = decoded(R"({"method":"a","id":1,"method":"b","id":2})");
  REQUIRE(incoming.status);
  CHECK(incoming.requests[0].method == "b");
  CHECK(incoming.requests[0].id == "2");
}

TEST_CASE("rpc/request: tells broken JSON from a wrong envelope") {
  for (const char* line :
       {"{", "{]", "nonsense", "{\"method\":\"m\"} x", "{\"a\":tru}", "", "\x01"}) {
    CHECK(refusal(line) == Errc::parse_error);
  }
  for (const char* line : {"{}",
                           "1",
                           "null",
                           "true",
                           R"({"id":1})",
                           R"({"method":1})",
                           R"({"method":null})",
                           R"({"method":"m","id":{}})",
                           R"({"method":"m","id":[]})",
                           R"({"method":"m","id":true})"}) {
    CHECK(refusal(line) == Errc::invalid_request);
  }
}

TEST_CASE("rpc/request: refuses invalid UTF-8 wherever it is") {
  for (const char* line : {"{\"method\":\"\xff\"}",
                           "{\"method\":\"m\",\"params\":{\"\xc0\x80\":1}}",
                           "{\"method\":\"m\",\"params\":[\"\xed\xa0\x80\"]}",
                           "{\"method\":\"m\",\"params\":\"\xf4\x90\x80\x80\"}",
                           "{\"method\":\"m\",\"id\":\"\xe2\x82\"}"}) {
    CHECK(refusal(line) == Errc::parse_error);
  }
}

TEST_CASE("rpc/request: accepts 192 levels and refuses 193") {
  const auto nested = [](std::size_t levels) {
    return fmt::format(R"({{"method":"m","params":{}{}}})",
                       std::string(levels - 1, '['),
                       std::string(levels - 1, ']'));
  };
  CHECK(decoded(nested(192)).status);
  CHECK(refusal(nested(193)) == Errc::request_too_large);
  CHECK(refusal(std::string(1'000'000, '[')) == Errc::request_too_large);
}

TEST_CASE("rpc/request: a batch keeps order, an empty one is allowed") {
  const std::string line = R"([{"method":"a","id":1},{"id":2,"params":[3],"method":"b"}])";
  const Incoming incoming = decoded(line);
  REQUIRE(incoming.status);
  CHECK(incoming.batch);
  REQUIRE(incoming.requests.size() == 2);
  CHECK(incoming.requests[0].method == "a");
  CHECK(incoming.requests[1].params == "[3]");

  const Incoming empty = decoded("[]");
  CHECK(empty.status);
  CHECK(empty.batch);
  CHECK(empty.requests.empty());
}

TEST_CASE("rpc/request: one malformed member refuses the whole batch") {
  for (const char* line : {R"([{"method":"a"},1])",
                           R"([1])",
                           R"([[{"method":"a"}]])",
                           R"([{"method":"a"},{}])",
                           R"([{"method":"a"},{"method":"b","id":false}])"}) {
    CHECK(refusal(line) == Errc::invalid_request);
  }
}

TEST_CASE("rpc/request: recognises the other protocols") {
  const auto protocol = [](std::string_view line) {
    const Incoming incoming = decoded(line);
    CHECK(incoming.status);
    return incoming.protocol;
  };
  CHECK(protocol(R"({"protocol_version":1,"request":{"type":"daemon_ping"}})") == Protocol::xrat);
  CHECK(protocol(R"({"request":{"type":"DaemonPing"}})") == Protocol::xrat);
  CHECK(protocol(R"({"method":"m","protocol_version":1})") == Protocol::xrat);
  CHECK(protocol(R"("Ping")") == Protocol::spacedrive);
  CHECK(protocol(R"({"Query":{"method":"m"}})") == Protocol::spacedrive);
  CHECK(protocol(R"({"Query":{},"method":"m"})") == Protocol::json_rpc);
  CHECK(protocol(R"({"method":"m","Query":{}})") == Protocol::json_rpc);
}

TEST_CASE("rpc/request: a reused Incoming keeps nothing of the line before") {
  Incoming incoming;
  decode(R"([{"method":"a\u0062","id":1},{"method":"c"}])", incoming);
  decode(R"("Ping")", incoming);
  decode(R"({"method":"z"})", incoming);
  REQUIRE(incoming.status);
  CHECK(incoming.protocol == Protocol::json_rpc);
  CHECK_FALSE(incoming.batch);
  REQUIRE(incoming.requests.size() == 1);
  CHECK(incoming.requests[0].method == "z");
  CHECK(incoming.requests[0].id == "null");
}

TEST_CASE("rpc/request: survives damaged lines") {
  const std::string seed =
      R"([{"jsonrpc":"2.0","method":"ec\u0068o","params":{"a":[1,2.5,"é",null]},"id":12}])";
  std::mt19937 random(20260131);
  Incoming incoming;
  std::size_t accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string line = seed;
    for (unsigned edits = random() % 4; edits-- > 0;) {
      const std::size_t at = random() % line.size();
      switch (random() % 3) {
        case 0:
          line[at] = static_cast<char>(random());
          break;
        case 1:
          line.erase(at, random() % 5);
          break;
        default:
          line.insert(at, line.substr(random() % line.size(), random() % 8));
      }
      if (line.empty()) line.push_back(' ');
    }
    decode(line, incoming);
    accepted += incoming.status.has_value() ? 1 : 0;
    for (const auto& request : incoming.requests) {
      REQUIRE(engine::json::parse(request.params));
      REQUIRE(engine::json::parse(request.id));
    }
  }
  CHECK(accepted > 1'000);
}
